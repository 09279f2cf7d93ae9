import { Command } from 'commander';
import { dataOption } from '../options.js';
import { writeLine } from '../output.js';
import { ServiceClient } from '../service-client.js';
import { socketPathFor } from '../with-service.js';

export function linkCommand(): Command {
  return new Command('link')
    .summary('a one-time link to the page')
    .description('Prints a link that opens the page of the running service once, within a quarter of an hour.')
    .addOption(dataOption())
    .action(async ({ data }: { data: string }) => {
      const client = new ServiceClient(await socketPathFor(data));
      try {
        const { link, address } = await client.call<{ link: string; address: string }>('POST', '/v1/links');
        await writeLine(`${address}/open#${link}`);
      } finally {
        await client.close();
      }
    });
}

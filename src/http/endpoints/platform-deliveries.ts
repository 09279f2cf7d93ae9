import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { endpoint } from '../endpoint.js';
import { listNameSchema } from '../schemas.js';

/** More than the largest update of Telegram by far. */
const BODY_BYTES = 1 << 20;

/** Where platforms deliver that tell by themselves. They prove who they are in their own way, and have no key of ours. */
export const deliverToPlatform = endpoint({
  method: 'POST',
  url: '/v1/platforms/:name/deliveries',
  scope: 'public',
  summary: 'What a platform delivers by itself, such as the webhook of Telegram',
  description:
    'Needs no key: the platform proves who it is in its own way, else the answer is 401 `delivery-refused`, also for a platform that is not there. 200 says that all of it is stored; 503 `delivery-untaken` asks to deliver again, also where another process holds the connection.',
  params: z.object({ name: listNameSchema }),
  body: z.record(z.string(), z.unknown()).describe('As the platform says it.'),
  bodyLimit: BODY_BYTES,
  answer: z.object({ taken: z.literal(true) }),
  admit: async (request, services) => {
    const { name } = request.params as { readonly name: string };
    const header = (wanted: string) => {
      const value = request.headers[wanted];
      return Array.isArray(value) ? value[0] : value;
    };
    try {
      await services.deliveries.assertGenuine(name, header);
    } catch (error) {
      // Whoever guesses is counted like one who guesses keys.
      if (isRefusal(error)) services.rates.failed(request.ip);
      throw error;
    }
  },
  handle: async ({ params, body, signal, services }) => {
    await services.deliveries.take(params.name, body, signal);
    return { taken: true as const };
  },
});

function isRefusal(error: unknown): boolean {
  return error instanceof VigieError && error.code === 'delivery-refused';
}

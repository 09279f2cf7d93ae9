import { request } from 'node:http';
import { socketPathOf } from '../storage/data-dir.js';

const ASK_MS = 10_000;

/** Asks the service that runs on a data directory. @throws when none runs or answers in time */
export async function askService<T>(dataDir: string, path: string): Promise<T> {
  const socketPath = await socketPathOf(dataDir);
  return await new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, timeout: ASK_MS }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.once('error', reject);
      answer.once('end', () => {
        if (answer.statusCode !== 200) reject(new Error('no answer'));
        else resolve(JSON.parse(text) as T);
      });
    });
    asked.once('timeout', () => asked.destroy(new Error('too late')));
    asked.once('error', reject);
    asked.end();
  });
}

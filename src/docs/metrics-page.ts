import { METRICS, type MetricKind } from '../metrics/catalogue.js';
import { processMetrics } from '../metrics/metrics.js';

/** The page docs/metrics.md: every figure with its type, labels and meaning. */
export function metricsPage(): string {
  const own = Object.entries<MetricKind>(METRICS).map(
    ([name, { type, labels, unit, help }]) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${unit ?? ''} | ${help} |`,
  );
  const others = processMetrics().map(
    ({ name, type, help }) => `| \`${name}\` | ${type} | ${help.replaceAll('|', '\\|')} |`,
  );
  return `# Metrics

\`GET /metrics\` answers in the text format of Prometheus, with a key that has the scope \`metrics:read\`, or without one through the socket in the data directory. Figures are those of
one process; the queues, the outbox, the attention and the events are those of the database, the same from every process. No label holds an id, an address, an account or an entry.
\`deploy/grafana-dashboard.json\` shows them. This page is made from \`src/metrics/catalogue.ts\` by \`npm run docs\`.

| metric | type | labels | unit | meaning |
|---|---|---|---|---|
${own.join('\n')}

## Of the process

| metric | type | meaning |
|---|---|---|
${others.join('\n')}
`;
}

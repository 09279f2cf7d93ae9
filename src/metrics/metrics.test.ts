import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { METRICS, type MetricKind } from './catalogue.js';
import { Metrics, processMetrics } from './metrics.js';

const sample = (text: string, name: string): string[] => text.split('\n').filter((line) => line.startsWith(name));

it('counts, observes, and asks for what others own', async () => {
  const metrics = new Metrics();
  const match = { verdict: 'match', reason: '', surface: 'public' };
  metrics.count('vigie_verdicts_total', match);
  metrics.count('vigie_verdicts_total', match);
  metrics.observe('vigie_scan_stage_seconds', { stage: 'decode' }, 0.02);
  let restarts = 3;
  metrics.collect({
    names: ['vigie_decoder_restarts_total', 'vigie_attention_open'],
    collect: (tell) => {
      tell('vigie_decoder_restarts_total', restarts, { of: 'videos' });
      if (restarts === 3) tell('vigie_attention_open', 2, { kind: 'source-stale' });
    },
  });
  const first = await metrics.render();
  expect(sample(first, 'vigie_verdicts_total{')).toEqual([
    'vigie_verdicts_total{verdict="match",reason="",surface="public"} 2',
  ]);
  expect(first).toContain('vigie_scan_stage_seconds_bucket{le="0.025",stage="decode"} 1');
  expect(first).toContain('vigie_decoder_restarts_total{of="videos"} 3');
  expect(first).toContain('vigie_attention_open{kind="source-stale"} 2');
  restarts = 4;
  const second = await metrics.render();
  expect(second).toContain('vigie_decoder_restarts_total{of="videos"} 4');
  // What is over is not told as if it still were.
  expect(sample(second, 'vigie_attention_open{')).toEqual([]);
});

it('leaves out what cannot be had, and counts that', async () => {
  const metrics = new Metrics();
  let works = true;
  metrics.collect({
    names: ['vigie_items_waiting'],
    collect: async (tell) => {
      tell('vigie_items_waiting', 7);
      if (!works) throw new Error('no database');
    },
  });
  expect(sample(await metrics.render(), 'vigie_items_waiting ')).toEqual(['vigie_items_waiting 7']);
  works = false;
  const text = await metrics.render();
  expect(sample(text, 'vigie_items_waiting 7')).toEqual([]);
  expect(text).toContain('vigie_collect_failures_total 1');
});

it('has names and labels as Prometheus wants them, and no label that could tell whom or what', () => {
  for (const [name, { type, unit, labels, help }] of Object.entries<MetricKind>(METRICS)) {
    expect(name).toMatch(/^vigie_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    if (unit !== undefined) expect(name).toMatch(new RegExp(`_${unit}$`));
    expect(help).toMatch(/\.$/);
    for (const label of labels) expect(label).not.toMatch(/id$|url|account|entry|list|key|address|ip|hash/);
  }
});

it('the dashboard asks only for figures and labels that there are', () => {
  const text = readFileSync(new URL('../../deploy/grafana-dashboard.json', import.meta.url), 'utf8');
  const { panels } = JSON.parse(text) as { panels: { title: string; targets?: { expr: string }[] }[] };
  const known = new Map<string, readonly string[]>(
    Object.entries<MetricKind>(METRICS).map(([name, { labels }]) => [name, labels]),
  );
  for (const { name } of processMetrics()) known.set(name, ['quantile', 'kind', 'type', 'version']);
  const asked = new Set<string>();
  for (const { title, targets = [] } of panels) {
    for (const { expr } of targets) {
      const names = [...expr.matchAll(/\b(?:vigie|process|nodejs)_[a-z0-9_]+/g)].map(([each]) => each);
      expect(names.length, title).toBeGreaterThan(0);
      const labels = names.flatMap((each) => {
        const base = known.has(each) ? each : each.replace(/_(bucket|sum|count)$/, '');
        expect([...known.keys()], title).toContain(base);
        asked.add(base);
        return known.get(base) ?? [];
      });
      const used = [...expr.matchAll(/by \(([^)]*)\)|\{([^}]*)\}/g)].flatMap(([, by = '', selector = '']) => [
        ...by.split(','),
        ...selector.split(',').map((each) => each.split(/[=!]/)[0] ?? ''),
      ]);
      for (const label of used.map((each) => each.trim()).filter(Boolean)) {
        expect([...labels, 'le', 'instance', 'job'], `${title}: ${expr}`).toContain(label);
      }
    }
  }
  expect(asked.size).toBeGreaterThan(15);
});

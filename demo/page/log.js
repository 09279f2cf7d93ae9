/** The list of what Vigie did with each picture, and the figures above it. */

const AGAIN_MS = 1_000;
/** Longest that a message is followed. */
const PATIENCE_MS = 120_000;
const MOST_SHOWN = 30;

const STEPS = ['fetched', 'judged', 'ordered', 'confirmed'];
const TAGS = {
  unseen: 'shared',
  waiting: 'looking',
  removing: 'removing',
  removed: 'removed',
  left: 'stays',
  stuck: 'not removed',
};
const SETTLED = new Set(['removed', 'left', 'stuck']);
const REASONS = { 'nothing-known': 'No list knows it', 'low-quality': 'Too little in it to compare' };
/** How a copy was changed, by parts of what its view is called. */
const VIEWS = { trimmed: 'framed', flip: 'mirrored', rotate: 'turned', negative: 'negative' };

const counts = { seen: 0, removed: 0, stayed: 0 };
const byId = (id) => document.getElementById(id);

/** @returns what is told of each message with a picture */
export function followMessage(samples) {
  return async ({ id, url }) => {
    const name = decodeURIComponent(new URL(url).pathname.split('/').pop());
    const sample = samples.find((each) => each.name === name);
    const shown = addEntry(sample?.title ?? name, sample && `/api/samples/${name}`);
    count('seen');
    const until = Date.now() + PATIENCE_MS;
    let state = '';
    while (!SETTLED.has(state) && Date.now() < until) {
      const told = await ask(id, state);
      if (told === undefined) continue;
      state = told.state;
      shown(told);
    }
    if (state === 'removed') count('removed');
    if (state === 'left') count('stayed');
  };
}

/** @returns undefined when it could not be told just now */
async function ask(id, had) {
  const answer = await fetch(`/api/messages/${encodeURIComponent(id)}?had=${had}`).catch(() => undefined);
  if (answer?.ok) return await answer.json();
  await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  return undefined;
}

function count(what) {
  counts[what]++;
  byId(what).textContent = counts[what];
}

function addEntry(title, picture) {
  byId('nothing').hidden = true;
  const log = byId('log');
  log.prepend(byId('entry').content.cloneNode(true));
  const entry = log.firstElementChild;
  for (const old of [...log.children].slice(MOST_SHOWN)) old.remove();
  if (picture === undefined) entry.querySelector('img').remove();
  else entry.querySelector('img').src = picture;
  entry.querySelector('b').textContent = title;
  return (told) => {
    entry.dataset.state = told.state;
    entry.querySelector('.tag').textContent = TAGS[told.state];
    entry.querySelector('.why').textContent = why(told);
    const gone = told.state === 'removed' ? (told.times?.confirmed ?? null) : null;
    if (gone === null) return;
    entry.querySelector('.ms').textContent = `${gone} ms`;
    byId('last').textContent = `${gone} ms`;
    byId('legend').hidden = false;
    drawBar(entry.querySelector('.bar'), told.times);
  };
}

function why({ verdict, reason, match, scanMs }) {
  if (verdict === undefined) return '';
  const took = scanMs === undefined ? '' : ` · scanned in ${Math.max(1, Math.round(scanMs))} ms`;
  if (match === undefined) return `${REASONS[reason] ?? reason ?? verdict}${took}`;
  return `${how(match)}${took}`;
}

function how({ signal, distance, view }) {
  if (signal !== 'pdq') return `The very file (${signal.toUpperCase().replace('SHA', 'SHA-')})`;
  const changed = Object.keys(VIEWS).filter((part) => view?.includes(part));
  return [`PDQ, ${distance} bits apart`, ...changed.map((part) => VIEWS[part])].join(', ');
}

/** Each part of the way from seen to removed, as wide as it took. */
function drawBar(bar, times) {
  let before = 0;
  bar.hidden = false;
  bar.replaceChildren(
    ...STEPS.flatMap((step, n) => {
      const at = times[step];
      if (at === null) return [];
      const part = document.createElement('i');
      part.className = `s${n + 1}`;
      part.style.flexGrow = Math.max(at - before, 0);
      part.title = `${step}: ${at} ms`;
      before = at;
      return [part];
    }),
  );
}

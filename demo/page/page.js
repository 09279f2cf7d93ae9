import { followMessage } from './log.js';
import { openRoom } from './room.js';

const SAMPLE = 'application/x-vigie-sample';

const answer = await fetch('/api/room');
const settings = await answer.json();
const room = await openRoom(settings, followMessage(settings.samples));

/** Posts a sample as the visitor would: by the client's own upload. */
async function post(name) {
  const picture = await (await fetch(`/api/samples/${name}`)).blob();
  room.share(new File([picture], name, { type: picture.type }));
}

const template = document.querySelector('#sample');
document.querySelector('#samples').append(
  ...settings.samples.map(({ name, title, note, listed }) => {
    const made = template.content.cloneNode(true);
    const button = made.querySelector('button');
    button.dataset.name = name;
    button.classList.toggle('listed', listed);
    made.querySelector('img').src = `/api/samples/${name}`;
    made.querySelector('.name').textContent = title;
    made.querySelector('.note').textContent = note;
    button.addEventListener('click', () => post(name));
    button.addEventListener('dragstart', (event) => event.dataTransfer.setData(SAMPLE, name));
    return made;
  }),
);

const place = document.querySelector('#room');
const carries = (event) => event.dataTransfer.types.includes(SAMPLE);
// Before the client, which knows nothing of samples.
for (const kind of ['dragenter', 'dragover'])
  place.addEventListener(kind, (event) => carries(event) && event.preventDefault(), true);
place.addEventListener(
  'drop',
  (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    event.stopPropagation();
    void post(event.dataTransfer.getData(SAMPLE));
  },
  true,
);
document.body.dataset.ready = '';

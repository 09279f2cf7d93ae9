import { Observable } from '../../lib/observable.js';

/** The one picture that is shown as it is: the id of its scan, or the name of a frame. Looking at another one veils it again. */
export const revealed = new Observable<number | string | undefined>(undefined);

const veil = (): void => revealed.set(undefined);

// What somebody looked at must not wait for them, or for who comes by, when they come back to the page.
document.addEventListener('visibilitychange', veil);
document.addEventListener('keydown', ({ key }) => {
  if (key === 'Escape') veil();
});

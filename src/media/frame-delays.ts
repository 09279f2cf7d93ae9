/** What viewers make of a delay of 10 milliseconds and less, which old files have that mean "as fast as you can". */
const USUAL_SECONDS = 0.1;
const SHORTEST_SECONDS = 0.01;

/** From when until when a frame of an animation is shown, in seconds from its beginning. */
export type Shown = readonly [from: number, to: number];

/**
 * When each frame of an animation is shown, as browsers do it.
 * @param delays how long each frame stays, in seconds
 */
export function shownTimes(delays: readonly number[]): readonly Shown[] {
  let from = 0;
  return delays.map((delay) => {
    const to = from + (delay > SHORTEST_SECONDS ? delay : USUAL_SECONDS);
    const shown = [from, to] as const;
    from = to;
    return shown;
  });
}

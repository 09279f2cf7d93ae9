/** A frame of a video that lies on this machine, made small. */
export interface Grabbed {
  readonly seconds: number;
  readonly picture: ImageBitmap;
}

/** Longest wait for the browser to open a video, and to find a frame in it. */
const OPEN_MS = 15_000;
const SEEK_MS = 8_000;
/** A decoder is a heavy thing: one video at a time is opened. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Takes single frames out of a video, without ever playing it or making a sound.
 * @param times in seconds; those beyond the end give the last frame
 * @param side longest side of a frame, in pixels
 * @returns no frames when the browser cannot decode it
 */
export function grabFrames(
  bytes: Blob,
  times: readonly number[],
  side: number,
  signal: AbortSignal,
): Promise<Grabbed[]> {
  const grabbed = turn.then(() => grab(bytes, times, side, signal)).catch(() => []);
  turn = grabbed;
  return grabbed;
}

async function grab(bytes: Blob, times: readonly number[], side: number, signal: AbortSignal): Promise<Grabbed[]> {
  if (signal.aborted || bytes.size === 0 || bytes.type.startsWith('image/')) return [];
  const video = document.createElement('video');
  const address = URL.createObjectURL(bytes);
  const frames: Grabbed[] = [];
  try {
    video.muted = true;
    video.preload = 'auto';
    video.src = address;
    await happens(video, 'loadeddata', OPEN_MS, signal);
    for (const seconds of times) {
      if (signal.aborted) break;
      const end = Number.isFinite(video.duration) ? Math.max(0, video.duration - 0.05) : seconds;
      await seek(video, Math.min(seconds, end), signal);
      const picture = await small(video, side);
      if (picture !== undefined) frames.push({ seconds, picture });
    }
  } catch {
    // What was found before stays.
  } finally {
    video.removeAttribute('src');
    // Without it the decoder stays until the garbage is collected.
    video.load();
    URL.revokeObjectURL(address);
  }
  return frames;
}

async function seek(video: HTMLVideoElement, seconds: number, signal: AbortSignal): Promise<void> {
  if (video.currentTime === seconds && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) return;
  const found = happens(video, 'seeked', SEEK_MS, signal);
  video.currentTime = seconds;
  await found;
}

/** @returns nothing for a file that has sound alone */
async function small(video: HTMLVideoElement, side: number): Promise<ImageBitmap | undefined> {
  const { videoWidth, videoHeight } = video;
  if (videoWidth === 0 || videoHeight === 0) return undefined;
  const scale = Math.min(1, side / Math.max(videoWidth, videoHeight));
  return await createImageBitmap(video, {
    resizeWidth: Math.max(1, Math.round(videoWidth * scale)),
    resizeHeight: Math.max(1, Math.round(videoHeight * scale)),
    resizeQuality: 'medium',
  });
}

function happens(video: HTMLVideoElement, event: string, within: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const end = (settle: () => void) => (): void => {
      over.abort();
      clearTimeout(timer);
      settle();
    };
    const fail = end(() => reject(new DOMException('The browser gave no frame.', 'NotSupportedError')));
    const timer = setTimeout(fail, within);
    video.addEventListener(event, end(resolve), { signal: over.signal });
    video.addEventListener('error', fail, { signal: over.signal });
    signal.addEventListener('abort', fail, { signal: over.signal });
  });
}

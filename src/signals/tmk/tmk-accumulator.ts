import { VigieError } from '../../errors.js';
import { kernelCoefficients, TMK_DIMENSION, TMK_FRAMES_PER_SECOND, TMK_PERIODS, type TmkVideo } from './tmk-video.js';

const TERMS = kernelCoefficients().length;

/**
 * Takes the frames of a video one after another, at fifteen a second, and makes its TMK+PDQF of them. Sums are kept in
 * double precision. Takes half a megabyte however long the video is.
 */
export class TmkAccumulator {
  readonly #sum = new Float64Array(TMK_DIMENSION);
  readonly #cosines = new Float64Array(TMK_PERIODS.length * TERMS * TMK_DIMENSION);
  readonly #sines = new Float64Array(this.#cosines.length);
  readonly #unit = new Float64Array(TMK_DIMENSION);
  #frames = 0;

  get frames(): number {
    return this.#frames;
  }

  /**
   * Takes the next frame.
   * @param feature its 256 coefficients, `PdqHasher.coefficients`
   * @throws VigieError `signal-invalid` when there are not so many
   */
  add(feature: Float32Array): void {
    if (feature.length !== TMK_DIMENSION)
      throw new VigieError('signal-invalid', { detail: 'tmk: length of a feature' });
    const time = this.#frames++;
    const unit = this.#unit;
    let squares = 0;
    for (let k = 0; k < TMK_DIMENSION; k++) {
      const value = feature[k] as number;
      this.#sum[k] = (this.#sum[k] as number) + value;
      squares += value * value;
    }
    // A frame of one colour has no direction.
    if (squares === 0) return;
    const scale = 1 / Math.sqrt(squares);
    for (let k = 0; k < TMK_DIMENSION; k++) unit[k] = (feature[k] as number) * scale;
    let at = 0;
    for (const period of TMK_PERIODS) {
      for (let j = 0; j < TERMS; j++, at += TMK_DIMENSION) {
        const angle = (2 * Math.PI * ((j * time) % period)) / period;
        addScaled(this.#cosines, at, unit, Math.cos(angle));
        if (j > 0) addScaled(this.#sines, at, unit, Math.sin(angle));
      }
    }
  }

  /** What was made of the frames so far. @throws VigieError `signal-invalid` when there was none */
  finish(): TmkVideo {
    const frames = this.#frames;
    if (frames === 0) throw new VigieError('signal-invalid', { detail: 'tmk: no frames' });
    const coefficients = kernelCoefficients();
    return {
      framesPerSecond: TMK_FRAMES_PER_SECOND,
      periods: TMK_PERIODS,
      coefficients,
      dimension: TMK_DIMENSION,
      frames,
      average: Float32Array.from(this.#sum, (value) => value / frames),
      cosines: weighted(this.#cosines, coefficients),
      sines: weighted(this.#sines, coefficients),
    };
  }
}

function addScaled(target: Float64Array, at: number, vector: Float64Array, factor: number): void {
  for (let k = 0; k < TMK_DIMENSION; k++) {
    target[at + k] = (target[at + k] as number) + factor * (vector[k] as number);
  }
}

/** Each vector at length √a of its coefficient a; one that is zero stays so. */
function weighted(vectors: Float64Array, coefficients: Float32Array): Float32Array {
  const result = new Float32Array(vectors.length);
  for (let at = 0, i = 0; at < vectors.length; at += TMK_DIMENSION, i++) {
    let squares = 0;
    for (let k = 0; k < TMK_DIMENSION; k++) squares += (vectors[at + k] as number) ** 2;
    if (squares === 0) continue;
    const scale = Math.sqrt((coefficients[i % TERMS] as number) / squares);
    for (let k = 0; k < TMK_DIMENSION; k++) result[at + k] = (vectors[at + k] as number) * scale;
  }
  return result;
}

/**
 * What TMK+PDQF makes of a video ("PDQ & TMK + PDQF", 2019; temporal matching kernels after Poullot and others, 2015):
 * the mean of its frames' features, and for each of a few periods how they change along the time, as Fourier sums.
 */
export interface TmkVideo {
  readonly framesPerSecond: number;
  /** In frames. */
  readonly periods: readonly number[];
  /** The kernel's Fourier coefficients. */
  readonly coefficients: Float32Array;
  /** Length of a frame's feature. */
  readonly dimension: number;
  /** How many frames were taken. */
  readonly frames: number;
  /** The mean of the features. */
  readonly average: Float32Array;
  /** For each period, for each coefficient, a vector; one after another. */
  readonly cosines: Float32Array;
  readonly sines: Float32Array;
}

/** Frames are taken at this rate, 64 × 64, RGB. */
export const TMK_FRAMES_PER_SECOND = 15;
export const TMK_DIMENSION = 256;
export const TMK_PERIODS: readonly number[] = [2731, 4391, 9767, 14_653];

const TERMS = 32;
/** How narrow the kernel is. */
const BETA = 32;

/**
 * Fourier coefficients of the kernel (exp(β·cos x) − exp(−β)) / (2·sinh β), the modified von Mises function:
 * (I₀(β) − exp(−β)) / (2·sinh β), then Iₙ(β) / sinh β.
 */
export function kernelCoefficients(): Float32Array {
  const twiceSinh = 1 - Math.exp(-2 * BETA);
  return Float32Array.from({ length: TERMS }, (_, n) =>
    n === 0 ? (besselI(0) - Math.exp(-2 * BETA)) / twiceSinh : (2 * besselI(n)) / twiceSinh,
  );
}

/** exp(−β)·Iₙ(β), by the trapezoidal rule over Iₙ's integral, which converges faster than any power. */
function besselI(n: number): number {
  const steps = 512;
  let sum = 0;
  for (let i = 0; i < steps; i++) {
    const angle = (2 * Math.PI * i) / steps;
    sum += Math.exp(BETA * (Math.cos(angle) - 1)) * Math.cos(n * angle);
  }
  return sum / steps;
}

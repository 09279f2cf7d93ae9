import { VigieError } from '../../errors.js';

/** Where segments lie in an object store; plain data, without credentials. */
export interface S3Place {
  /** Such as `https://s3.example.org`, without a path. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Before every key; empty, or ending in a slash. */
  readonly prefix: string;
}

/** What of the environment is looked at; a test gives its own. */
export interface S3Environment {
  readonly VIGIE_S3_ENDPOINT?: string | undefined;
  readonly VIGIE_S3_REGION?: string | undefined;
  readonly AWS_ACCESS_KEY_ID?: string | undefined;
  readonly AWS_SECRET_ACCESS_KEY?: string | undefined;
  readonly AWS_SESSION_TOKEN?: string | undefined;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Reads `s3://bucket/prefix` with VIGIE_S3_ENDPOINT and VIGIE_S3_REGION. @throws VigieError `usage` */
export function parseS3Place(text: string, environment: S3Environment = process.env): S3Place {
  const [, bucket, path = ''] =
    /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([a-zA-Z0-9_.\-/]*))?$/.exec(text) ?? [];
  if (bucket === undefined)
    throw new VigieError('usage', { detail: 'the place of segments is not s3://bucket/prefix' });
  const trimmed = path.replace(/^\/+|\/+$/g, '');
  return {
    endpoint: endpointOf(environment.VIGIE_S3_ENDPOINT),
    region: environment.VIGIE_S3_REGION ?? 'us-east-1',
    bucket,
    prefix: trimmed === '' ? '' : `${trimmed}/`,
  };
}

/** @throws VigieError `usage` when there are none */
export function s3Credentials(environment: S3Environment = process.env): S3Credentials {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = environment;
  if (!id || !secret)
    throw new VigieError('usage', { detail: 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set' });
  return { accessKeyId: id, secretAccessKey: secret, ...(token ? { sessionToken: token } : {}) };
}

function endpointOf(text: string | undefined): string {
  try {
    const { origin, protocol, username } = new URL(text ?? '');
    if ((protocol === 'http:' || protocol === 'https:') && username === '') return origin;
  } catch {
    // Told below, without the text.
  }
  throw new VigieError('usage', { detail: 'VIGIE_S3_ENDPOINT is not the http or https address of an object store' });
}

import { createTransport } from 'nodemailer';
import { VigieError } from '../errors.js';
import { abortable } from '../runtime/abortable.js';

export interface MailSettings {
  /** `smtps://user:password@host:port` or `smtp://…`, which must offer STARTTLS unless it is this machine. */
  readonly url: string;
  readonly to: readonly string[];
  readonly from: string;
  /** Certificates to trust beside those that Node trusts, as PEM. */
  readonly ca?: string;
}

export interface Mail {
  /** Becomes the Message-ID: a mail that is sent twice is shown once by most readers. */
  readonly id: string;
  readonly subject: string;
  readonly text: string;
}

/** Milliseconds for each step of the dialogue. */
const STEP_MS = 10_000;

/** Sends mail to the people who are told of alarms. @throws VigieError `usage` for settings that cannot be used */
export function createMailSink({
  url: text,
  to,
  from,
  ca,
}: MailSettings): (mail: Mail, signal: AbortSignal) => Promise<void> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^smtps?:$/.test(url.protocol) || url.hostname === '') {
    throw new VigieError('usage', { detail: 'VIGIE_SMTP_URL is no smtp or smtps URL' });
  }
  if (to.length === 0) throw new VigieError('usage', { detail: 'VIGIE_ALARM_TO names nobody' });
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const here = host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
  const secure = url.protocol === 'smtps:';
  const { username, password } = url;
  const options = {
    ...{ host, secure, port: url.port === '' ? (secure ? 465 : 587) : Number(url.port) },
    // A password is never sent in clear, not even to this machine.
    requireTLS: !secure && (!here || username !== ''),
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    ...{ connectionTimeout: STEP_MS, greetingTimeout: STEP_MS, socketTimeout: STEP_MS, dnsTimeout: STEP_MS },
    ...{ disableFileAccess: true, disableUrlAccess: true },
    tls: { minVersion: 'TLSv1.2' as const, ...(ca === undefined ? {} : { ca }) },
  };
  return async ({ id, subject, text: body }, signal) => {
    const transport = createTransport(options);
    try {
      const headers = { 'Auto-Submitted': 'auto-generated' };
      const mail = { from, to: [...to], subject, text: body, messageId: `<${id}@vigie>`, headers };
      await abortable(transport.sendMail(mail), signal);
    } catch (thrown) {
      signal.throwIfAborted();
      throw mailError(thrown);
    } finally {
      transport.close();
    }
  };
}

/** The errors of the transport can hold addresses and what the server said, so only their kind goes on. */
function mailError(thrown: unknown): VigieError {
  const { code, responseCode } = (thrown ?? {}) as { code?: unknown; responseCode?: unknown };
  const detail = typeof responseCode === 'number' ? `SMTP ${responseCode}` : typeof code === 'string' ? code : 'SMTP';
  if (code === 'ETIMEDOUT') return new VigieError('effect-timeout', { detail });
  const refused = code === 'EAUTH' || (typeof responseCode === 'number' && responseCode >= 500);
  return new VigieError(refused ? 'effect-refused' : 'effect-failed', { detail });
}

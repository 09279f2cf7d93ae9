import { ERRORS } from '../errors.js';

/** The page docs/errors.md: every coded error with its status, what happened and what to do. */
export function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, title, remedy }]) => `| \`${code}\` | ${status} | ${title} | ${remedy} |`,
  );
  return `# Errors

Every error has a code that scripts may rely on. Over HTTP it comes as \`application/problem+json\` (RFC 9457) with \`code\`, \`title\`, \`detail\` and \`remedy\`;
on the command line the code stands in brackets behind the message. In a verdict, the code of the error is the reason of a \`could-not-tell\`.
This page is made from \`src/errors.ts\` by \`npm run docs\`.

| code | status | what happened | what to do |
|---|---|---|---|
${rows.join('\n')}
`;
}

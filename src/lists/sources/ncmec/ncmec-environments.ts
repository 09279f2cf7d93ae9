/** Where NCMEC serves which list to whom. The names of ours are in kebab-case; test environments have other accounts. */
export const NCMEC_ENVIRONMENTS = {
  industry: 'https://report.cybertip.org/hashsharing',
  'industry-exploitative': 'https://report.cybertip.org/exploitative-hashsharing',
  'law-enforcement': 'https://lesp.ncmec.org/csam-hashsharing',
  ngo: 'https://hashsharing.ncmec.org/npo',
  exploitative: 'https://hashsharing.ncmec.org/exploitative',
  'ngo-generative-ai': 'https://hashsharing.ncmec.org/generative-ai-csam',
  'ngo-generative-ai-exploitative': 'https://hashsharing.ncmec.org/generative-ai-exploitative',
  'test-industry': 'https://exttest.cybertip.org/hashsharing',
  'test-industry-exploitative': 'https://exttest.cybertip.org/exploitative-hashsharing',
  'test-law-enforcement': 'https://betalesp.ncmec.org/csam-hashsharing',
  'test-ngo': 'https://hashsharing-test.ncmec.org/npo',
  'test-exploitative': 'https://hashsharing-test.ncmec.org/exploitative',
  'test-ngo-generative-ai': 'https://hashsharing-test.ncmec.org/generative-ai-csam',
  'test-ngo-generative-ai-exploitative': 'https://hashsharing-test.ncmec.org/generative-ai-exploitative',
} as const;

export type NcmecEnvironment = keyof typeof NCMEC_ENVIRONMENTS;

export const NCMEC_ENVIRONMENT_NAMES = Object.keys(NCMEC_ENVIRONMENTS) as [NcmecEnvironment, ...NcmecEnvironment[]];

export const NCMEC_NAMESPACE = 'https://hashsharing.ncmec.org/hashsharing/v2';

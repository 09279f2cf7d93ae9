import { noticeProblem } from '../../api/queries.js';
import { scan } from '../../api/scan.js';
import { ScanQueue } from './scan-queue.js';

/** As many as are worth having on one page, and as browsers keep connections to one host. */
export const MOST_SCANS = 200;
const AT_ONCE = 4;

/** The media that were given to this page. */
export const pageScans = new ScanQueue({ scan, atOnce: AT_ONCE, most: MOST_SCANS, onProblem: noticeProblem });

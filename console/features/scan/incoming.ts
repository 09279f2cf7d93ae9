import { Observable } from '../../lib/observable.js';
import { MOST_SCANS, pageScans } from './page-scans.js';
import { revealed } from './revealed.js';
import type { Medium } from './scan-queue.js';

/** What has to be said about media that were given and not taken. */
export const leftOut = new Observable<string | undefined>(undefined);

export function take(media: readonly Medium[]): void {
  const over = pageScans.add(media);
  leftOut.set(over === 0 ? undefined : `${over} left out: the page keeps ${MOST_SCANS}. Clear it for more.`);
}

/** Files from a choice, a drop or the clipboard. */
export function takeFiles(data: DataTransfer | FileList | null): void {
  if (data === null) return;
  const files = data instanceof FileList ? [...data] : filesOf(data);
  take(files.map((file) => ({ name: file.name === '' ? 'pasted' : file.name, bytes: file })));
  if (!(data instanceof FileList) && hasFolder(data)) {
    leftOut.set('Folders are not taken here. For whole folders there is `vigie scan`.');
  }
}

export function clearScans(): void {
  pageScans.clear();
  revealed.set(undefined);
  leftOut.set(undefined);
}

const entriesOf = ({ items }: DataTransfer) => [...items].filter(({ kind }) => kind === 'file');

const isFolder = (item: DataTransferItem): boolean => item.webkitGetAsEntry()?.isDirectory === true;

const hasFolder = (data: DataTransfer): boolean => entriesOf(data).some(isFolder);

const filesOf = (data: DataTransfer): File[] =>
  entriesOf(data)
    .filter((item) => !isFolder(item))
    .map((item) => item.getAsFile())
    .filter((file) => file !== null);

import { useEffect, useState } from 'react';
import { takeFiles } from './incoming.js';

const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;

/**
 * Takes files that are dropped or pasted anywhere on the page. A file that misses a small target would otherwise be
 * opened by the browser, full size and in the clear.
 * @returns whether files hang over the page
 */
export function useWindowFiles(): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    const on = <K extends keyof WindowEventMap>(type: K, listener: (event: WindowEventMap[K]) => void): void =>
      window.addEventListener(type, listener, { signal: stop.signal });
    on('dragover', (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      setOver(true);
    });
    on('dragleave', (event) => {
      // Only when the window itself is left; elements of the page come and go below.
      if (event.relatedTarget === null) setOver(false);
    });
    on('drop', (event) => {
      setOver(false);
      if (!carriesFiles(event)) return;
      event.preventDefault();
      if (!isModal()) takeFiles(event.dataTransfer);
    });
    on('paste', (event) => {
      if (isModal() || event.clipboardData === null || event.clipboardData.files.length === 0) return;
      event.preventDefault();
      takeFiles(event.clipboardData);
    });
    return () => stop.abort();
  }, []);
  return over;
}

const isModal = (): boolean => document.querySelector('[data-modal]') !== null;

import { type ImportRequest, importList } from '../../api/import-list.js';
import { ApiProblem, isAborted } from '../../api/problem.js';
import { noticeProblem, refreshLists } from '../../api/queries.js';
import type { ImportProgress, ImportResult } from '../../api/types.js';
import { Observable } from '../../lib/observable.js';

export type ImportJob = { readonly request: ImportRequest } & (
  | { readonly phase: 'running'; readonly sent: number; readonly progress: ImportProgress | undefined }
  | { readonly phase: 'done'; readonly result: ImportResult }
  | { readonly phase: 'failed'; readonly problem: ApiProblem }
);

/** The one import that this page follows. It goes on when its dialog is closed. */
class ImportJobs {
  readonly current = new Observable<ImportJob | undefined>(undefined);
  #abort = new AbortController();

  async start(request: ImportRequest): Promise<void> {
    if (this.current.get()?.phase === 'running') return;
    this.#abort = new AbortController();
    let running = { request, phase: 'running' as const, sent: 0, progress: undefined as ImportProgress | undefined };
    const tell = (news: Partial<typeof running>): void => {
      running = { ...running, ...news };
      this.current.set(running);
    };
    tell({});
    try {
      const listener = {
        onSent: (sent: number) => tell({ sent }),
        onProgress: (progress: ImportProgress) => tell({ progress }),
      };
      const result = await importList(request, listener, this.#abort.signal);
      this.current.set({ request, phase: 'done', result });
    } catch (thrown) {
      if (isAborted(thrown)) this.current.set(undefined);
      else this.#fail(request, ApiProblem.from(thrown));
    }
    await refreshLists();
  }

  cancel(): void {
    this.#abort.abort();
  }

  /** Forgets an import that is over. */
  dismiss(): void {
    if (this.current.get()?.phase !== 'running') this.current.set(undefined);
  }

  #fail(request: ImportRequest, problem: ApiProblem): void {
    this.current.set({ request, phase: 'failed', problem });
    noticeProblem(problem);
  }
}

export const importJobs = new ImportJobs();

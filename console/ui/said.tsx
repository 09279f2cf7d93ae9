/** What came of something that was just done. */
export function Said({ words }: { readonly words: string }) {
  return (
    <p role="status" className="mb-3 rounded-lg border border-line bg-sunken px-3 py-2 text-ink-2 empty:hidden">
      {words}
    </p>
  );
}

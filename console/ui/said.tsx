/** What came of something that was just done; heard when it changes. */
export function Said({ words }: { readonly words: string }) {
  return (
    <div role="status" className="empty:absolute">
      {words !== '' && (
        <p className="mb-3 rounded-lg border border-line bg-sunken px-3 py-2 text-ink-2 text-sm">{words}</p>
      )}
    </div>
  );
}

/** The lighthouse of Vigie. */
export function Mark({ className }: { readonly className: string }) {
  return (
    <svg viewBox="0 0 32 32" className={className} aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#16202e" />
      <path d="M19.5 10 29 6.2v8.6L19.5 12Z" fill="#ffd479" />
      <path d="M12.5 10 3 6.2v8.6l9.5-2.8Z" fill="#ffd479" opacity=".45" />
      <path d="M12.5 8.5h7v5h-7Zm.6 6.5h5.8l1.9 12H11.2Zm-1.4-8.2L16 3.5l4.3 3.3Z" fill="#fff" />
    </svg>
  );
}

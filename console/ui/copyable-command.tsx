import { useState } from 'react';
import { Button } from './button.js';

/** A command for a terminal, with a button that copies it where the browser lets it. */
export function CopyableCommand({ command }: { readonly command: string }) {
  const [copied, setCopied] = useState(false);
  const clipboard = window.isSecureContext ? navigator.clipboard : undefined;
  return (
    <div className="flex items-center justify-between gap-2 rounded-lg border border-line bg-sunken py-1.5 pr-1.5 pl-3">
      <code className="select-all font-mono text-ink text-sm">{command}</code>
      {clipboard !== undefined && (
        <Button
          size="small"
          look="quiet"
          onClick={() => {
            clipboard.writeText(command).then(
              () => setCopied(true),
              () => setCopied(false),
            );
          }}
        >
          <span aria-live="polite">{copied ? 'Copied' : 'Copy'}</span>
        </Button>
      )}
    </div>
  );
}

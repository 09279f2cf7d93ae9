import type { Kind } from '../../api/kinds.js';
import { fieldsOf, filledWith } from './schema-fields.js';
import { SchemaForm } from './schema-form.js';
import type { ShapeFaults } from './shape.js';

interface ShapeFieldsProps {
  readonly kind: Kind;
  readonly faults: ShapeFaults;
  /** What is set already, in a form that changes it: credentials may then be left empty. */
  readonly settings?: unknown;
}

/** Inputs for the settings and credentials of a kind. */
export function ShapeFields({ kind, faults, settings }: ShapeFieldsProps) {
  const credentials = fieldsOf(kind.credentials);
  return (
    <>
      <fieldset className="space-y-3">
        <legend className="sr-only">Settings</legend>
        <SchemaForm
          fields={filledWith(fieldsOf(kind.settings), settings)}
          prefix="settings."
          faults={faults.settings}
        />
      </fieldset>
      {credentials.length > 0 && (
        <fieldset className="space-y-3 rounded-xl border border-line p-4">
          <legend className="px-1 font-medium text-sm">Credentials</legend>
          <p className="text-ink-2 text-xs">
            {settings !== undefined && 'Leave them empty to keep those that are there. '}They are sealed in the
            database, and never shown again.
          </p>
          <SchemaForm fields={credentials} prefix="credentials." faults={faults.credentials} secret />
        </fieldset>
      )}
    </>
  );
}

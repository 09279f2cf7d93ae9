import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { platformKindsQuery, refreshPlatforms } from '../../api/enforcement-queries.js';
import type { Kind } from '../../api/kinds.js';
import { changePlatform, type Platform } from '../../api/platforms.js';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { hasFaults, NO_FAULTS, readShape, type ShapeFaults, typedIn, withoutShapeFault } from '../kinds/shape.js';
import { ShapeFields } from '../kinds/shape-fields.js';

interface ChangePlatformProps {
  readonly platform: Platform;
  readonly onTold: (words: string) => void;
}

/** A button, and the form of what is set. */
export function ChangePlatform({ platform, onTold }: ChangePlatformProps) {
  const [open, setOpen] = useState(false);
  const { data: kinds, error } = useQuery({ ...platformKindsQuery, enabled: open });
  const kind = kinds?.find((each) => each.kind === platform.kind);
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        Change …<span className="sr-only"> {platform.name}</span>
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={`Change ${platform.name}`}
        description="It is connected anew with what is set here. Nothing that was shared meanwhile is missed."
      >
        {kind === undefined && (
          <div className="p-6">
            {error === null ? (
              <p role="status">
                {kinds === undefined ? 'The form is being fetched …' : 'This version knows no such kind.'}
              </p>
            ) : (
              <ProblemNote problem={ApiProblem.from(error)} />
            )}
          </div>
        )}
        {kind !== undefined && (
          <ChangeForm
            kind={kind}
            platform={platform}
            onChanged={() => {
              setOpen(false);
              onTold(`${platform.name} is changed, and connected anew.`);
            }}
          />
        )}
      </Dialog>
    </>
  );
}

interface ChangeFormProps {
  readonly kind: Kind;
  readonly platform: Platform;
  readonly onChanged: () => void;
}

function ChangeForm({ kind, platform: { name, settings }, onChanged }: ChangeFormProps) {
  const [faults, setFaults] = useState<ShapeFaults>(NO_FAULTS);
  const changing = useMutation({
    mutationFn: (changes: Parameters<typeof changePlatform>[1]) => changePlatform(name, changes),
    onSuccess: async () => {
      await refreshPlatforms();
      onChanged();
    },
    onError: (error) => noticeProblem(ApiProblem.from(error)),
    // Credentials are not kept.
    gcTime: 0,
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const { trial, faults: found } = readShape(kind, typedIn(event.currentTarget), { keep: true });
    setFaults(found);
    if (hasFaults(found)) return;
    const { kind: _, ...changes } = trial;
    changing.mutate(changes);
  };
  return (
    <form
      onSubmit={submit}
      onChange={({ target }) => setFaults((before) => withoutShapeFault(before, target))}
      noValidate
      autoComplete="off"
      className="flex flex-col"
    >
      <div className="space-y-3 px-6 pt-4">
        <ShapeFields kind={kind} faults={faults} settings={settings} />
        {changing.error !== null && <ProblemNote problem={ApiProblem.from(changing.error)} />}
      </div>
      <DialogActions>
        <Button type="submit" look="primary" disabled={changing.isPending}>
          Change it
        </Button>
      </DialogActions>
    </form>
  );
}

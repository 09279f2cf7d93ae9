import { CopyableCommand } from '../../ui/copyable-command.js';

export function HowToGetALink() {
  return (
    <>
      <div>
        <p className="mb-2">On the machine that runs Vigie, say</p>
        <CopyableCommand command="vigie link" />
      </div>
      <p>
        and open the address that it prints. A link works once, within a quarter of an hour; the session lasts twelve
        hours, or until the service starts anew.
      </p>
    </>
  );
}

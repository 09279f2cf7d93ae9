import type { Command, Option } from 'commander';

/** One command as shell completion needs it. */
export interface CommandNode {
  /** Words after `vigie`, such as `list import`; empty for the root. */
  readonly words: string;
  readonly children: readonly Candidate[];
  readonly options: readonly OptionNode[];
  /** Values of its first argument, when they are few. */
  readonly values: readonly string[];
}

export interface Candidate {
  readonly name: string;
  readonly summary: string;
}

export interface OptionNode extends Candidate {
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

/** All commands below one, itself first. */
export function commandTree(command: Command, words: readonly string[] = []): readonly CommandNode[] {
  const here = {
    words: words.join(' '),
    children: command.commands.map((child) => ({
      name: child.name(),
      summary: child.summary() || child.description(),
    })),
    options: [...command.options.flatMap(optionNode), HELP],
    values: command.registeredArguments[0]?.argChoices ?? [],
  };
  return [here, ...command.commands.flatMap((child) => commandTree(child, [...words, child.name()]))];
}

const HELP: OptionNode = { name: '--help', summary: 'what it does', takesValue: false, choices: [] };

function optionNode({ long, description, required, optional, argChoices }: Option): OptionNode[] {
  if (!long) return [];
  return [{ name: long, summary: description, takesValue: required || optional, choices: argChoices ?? [] }];
}

import { Argument, Command } from 'commander';
import { writeLine } from '../output.js';

/** Shell completion, made from the tree of commands itself. */
export function completionCommand(program: () => Command): Command {
  return new Command('completion')
    .summary('completion for your shell')
    .description('Prints a completion script.')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `
Examples:
  source <(vigie completion bash)
  vigie completion zsh > "\${fpath[1]}/_vigie"
  vigie completion fish > ~/.config/fish/completions/vigie.fish`,
    )
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      await writeLine({ bash, zsh, fish }[shell](paths(program())));
    });
}

interface CommandPath {
  /** Words after `vigie`, such as `list import`; empty for the root. */
  readonly words: string;
  /** What may follow: names of commands inside it, and options. */
  readonly next: readonly string[];
  readonly children: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly { readonly long: string; readonly description: string }[];
}

function paths(command: Command, words: readonly string[] = []): readonly CommandPath[] {
  const options = command.options.flatMap(({ long, description }) => (long ? [{ long, description }] : []));
  const children = command.commands.map((child) => ({
    name: child.name(),
    summary: child.summary() || child.description(),
  }));
  const here = {
    words: words.join(' '),
    next: [...children.map(({ name }) => name), ...options.map(({ long }) => long), '--help'],
    children,
    options,
  };
  return [here, ...command.commands.flatMap((child) => paths(child, [...words, child.name()]))];
}

function bash(all: readonly CommandPath[]): string {
  const cases = all.map(({ words, next }) => `    '${words}') candidates='${next.join(' ')}' ;;`).join('\n');
  return `_vigie() {
  local word words='' candidates='' current="\${COMP_WORDS[COMP_CWORD]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) case "${all.map(({ words }) => ` ${words} `).join('|')}" in *" \${words:+$words }$word "*) words="\${words:+$words }$word" ;; esac ;; esac
  done
  case "$words" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
  [[ \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _vigie vigie`;
}

function zsh(all: readonly CommandPath[]): string {
  return `#compdef vigie
autoload -U +X bashcompinit && bashcompinit
${bash(all)}`;
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function fish(all: readonly CommandPath[]): string {
  return all
    .flatMap(({ words, children, options }) => {
      const seen = words.split(' ').filter((word) => word !== '');
      const when =
        seen.length === 0
          ? '__fish_use_subcommand'
          : [
              ...seen.map((word) => `__fish_seen_subcommand_from ${word}`),
              ...(children.length > 0
                ? [`not __fish_seen_subcommand_from ${children.map(({ name }) => name).join(' ')}`]
                : []),
            ].join('; and ');
      return [
        ...children.map(({ name, summary }) => `complete -c vigie -n ${quoted(when)} -a ${name} -d ${quoted(summary)}`),
        ...options.map(
          ({ long, description }) =>
            `complete -c vigie -n ${quoted(when)} -l ${long.replace(/^--/, '')} -d ${quoted(description)}`,
        ),
      ];
    })
    .join('\n');
}

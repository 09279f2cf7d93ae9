import { Argument, Command } from 'commander';
import { type Candidate, type CommandNode, commandTree, type OptionNode } from '../command-tree.js';
import { writeLine } from '../output.js';

/** Shell completion, made from the tree of commands itself. */
export function completionCommand(program: () => Promise<Command>): Command {
  return new Command('completion')
    .summary('completion for your shell')
    .description('Prints a completion script.')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `
Examples:
  source <(vigie completion bash)            now; for good: in ~/.bashrc
  vigie completion zsh > "\${fpath[1]}/_vigie"
  vigie completion fish > ~/.config/fish/completions/vigie.fish`,
    )
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      await writeLine({ bash, zsh, fish }[shell](commandTree(await program())));
    });
}

/** `${words}|${option}` of every option that takes a value, with its choices; nothing means a file or free text. */
function valueCases(all: readonly CommandNode[], line: (choices: readonly string[]) => string): string {
  const cases = all.flatMap(({ words, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ name, choices }) => `      '${words}|${name}') ${line(choices)} ;;`),
  );
  return cases.join('\n');
}

/** Finds the command that was typed so far, in bash and in zsh: `words` grows while it names one. */
const known = (all: readonly CommandNode[]): string => all.map(({ words }) => `'${words}'`).join('|');

const names = (candidates: readonly Candidate[]): string[] => candidates.map(({ name }) => name);

function bash(all: readonly CommandNode[]): string {
  const cases = all.map(({ words, children, options, values }) => {
    const candidates = [...names(children), ...values, ...names(options)].join(' ');
    return `      '${words}') candidates='${candidates}' ;;`;
  });
  return `_vigie() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words='' word candidates='' files=1
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${words:+$words }$word" in
      ${known(all)}) words="\${words:+$words }$word" ;;
    esac
  done
  case "$words|$previous" in
${valueCases(all, (choices) => `candidates='${choices.join(' ')}'; ${choices.length > 0 ? 'files=0' : ':'}`)}
      *)
    case "$words" in
${cases.join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
  if [[ \${#COMPREPLY[@]} -eq 0 && $files -eq 1 && "$current" != -* ]]; then
    local IFS=$'\\n'
    COMPREPLY=($(compgen -f -- "$current"))
    compopt -o filenames 2>/dev/null
  fi
}
complete -F _vigie vigie`;
}

function zsh(all: readonly CommandNode[]): string {
  const described = (each: Candidate) =>
    `'${`${each.name}:${each.summary}`.replaceAll("'", "'\\''").replaceAll('\n', ' ')}'`;
  const cases = all.map(({ words, children, options, values }) => {
    const commands = [...children, ...values.map((name) => ({ name, summary: name }))];
    return `      '${words}') commands=(${commands.map(described).join(' ')}); options=(${options.map(described).join(' ')}) ;;`;
  });
  return `#compdef vigie
_vigie() {
  local typed='' word
  local -a commands options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${typed:+$typed }$word" in
      ${known(all)}) typed="\${typed:+$typed }$word" ;;
    esac
  done
  case "$typed|\${words[CURRENT-1]}" in
${valueCases(all, (choices) => (choices.length > 0 ? `compadd -- ${choices.join(' ')}; return` : '_files; return'))}
  esac
  case "$typed" in
${cases.join('\n')}
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then
    _describe -o option options
  else
    (( $#commands )) && _describe command commands || _files
  fi
}
if [[ "\${funcstack[1]}" == _vigie ]]; then _vigie "$@"; else compdef _vigie vigie; fi`;
}

const quoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', ' ')}'`;

function fish(all: readonly CommandNode[]): string {
  const lines = all.flatMap(({ words, children, options, values }) => {
    const when = condition(words, children);
    return [
      ...children.map(({ name, summary }) => `complete -c vigie -n ${when} -f -a ${name} -d ${quoted(summary)}`),
      ...(values.length > 0 ? [`complete -c vigie -n ${when} -f -a ${quoted(values.join(' '))}`] : []),
      ...options.map((option) => `complete -c vigie -n ${when} ${fishOption(option)}`),
    ];
  });
  return lines.join('\n');
}

function condition(words: string, children: readonly Candidate[]): string {
  if (words === '') return quoted('__fish_use_subcommand');
  const seen = words.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
  const inside = children.length > 0 ? [`not __fish_seen_subcommand_from ${names(children).join(' ')}`] : [];
  return quoted([...seen, ...inside].join('; and '));
}

function fishOption({ name, summary, takesValue, choices }: OptionNode): string {
  const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -r' : '';
  return `-l ${name.replace(/^--/, '')}${value} -d ${quoted(summary)}`;
}

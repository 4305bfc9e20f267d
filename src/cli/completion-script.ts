import type { Command } from 'commander';

export type Shell = 'bash' | 'zsh' | 'fish';

/** One place on the command line: the words before it, and what may come next. */
interface Place {
  path: string[];
  words: string[];
  machines: boolean;
  lessons: boolean;
}

/** A completion script made from the command table. Machines and lessons are asked for while completing. */
export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program, []);
  if (shell === 'fish') return fish(places, program);
  return shell === 'bash' ? bash(places) : `autoload -U +X bashcompinit && bashcompinit\n${bash(places)}`;
}

function placesOf(command: Command, path: string[]): Place[] {
  const names = command.registeredArguments.map((argument) => argument.name());
  const options = command.options.flatMap(({ long, short }) =>
    [long, short].filter((word) => word !== undefined && word !== null),
  );
  const own: Place = {
    path,
    words: [
      ...command.commands.map((sub) => sub.name()),
      ...options,
      ...(path.at(-1) === 'completion' ? ['bash', 'zsh', 'fish'] : []),
    ],
    machines: names.some((name) => /^machines?$/.test(name)) || options.includes('--machine'),
    lessons: names.some((name) => name === 'steps' || name === 'lesson'),
  };
  return [own, ...command.commands.flatMap((sub) => placesOf(sub, [...path, sub.name()]))];
}

const MACHINES = `coreos-lab status 2>/dev/null | sed -n 's/^\\([a-z0-9-]*\\)  .*(.*)$/\\1/p'`;
const LESSONS = `coreos-lab lessons list 2>/dev/null | sed -n '2,$s/^\\([a-z0-9-]*\\)  .*/\\1/p'`;

/** zsh runs this too, so no variable may have a name that means something there: path and words are PATH and the command line. */
function bash(places: Place[]): string {
  const cases = places.map(({ path, words, machines, lessons }) => {
    const dynamic = `${machines ? ` $(${MACHINES})` : ''}${lessons ? ` $(${LESSONS})` : ''}`;
    return `    '${path.join(' ')}') choices="${words.join(' ')}${dynamic}" ;;`;
  });
  return `# bash completion of coreos-lab: source <(coreos-lab completion bash)
_coreos_lab() {
  local current=\${COMP_WORDS[COMP_CWORD]} place= next word choices= i
  local known=" ${places.map(({ path }) => path.join('/')).join(' ')} "
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $word == -* ]] && continue
    next=\${place:+$place/}$word
    [[ $known == *" $next "* ]] && place=$next
  done
  case \${place//\\// } in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$choices" -- "$current"))
}
complete -o default -F _coreos_lab coreos-lab`;
}

function fish(places: Place[], program: Command): string {
  const lines = ['# fish completion of coreos-lab: coreos-lab completion fish | source', 'complete -c coreos-lab -f'];
  const describe = new Map(program.commands.map((command) => [command.name(), command.description()]));
  for (const { path, words, machines, lessons } of places) {
    const when =
      path.length === 0
        ? '__fish_use_subcommand'
        : path.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    for (const word of words) {
      const description = path.length === 0 ? (describe.get(word) ?? '').replace(/'/g, '') : '';
      const what = word.startsWith('--')
        ? `-l ${word.slice(2)}`
        : word.startsWith('-')
          ? `-s ${word.slice(1)}`
          : `-a ${word}`;
      lines.push(`complete -c coreos-lab -n '${when}' ${what}${description ? ` -d '${description}'` : ''}`);
    }
    if (machines) lines.push(`complete -c coreos-lab -n '${when}' -a '(${MACHINES.replaceAll("'", '"')})'`);
    if (lessons) lines.push(`complete -c coreos-lab -n '${when}' -a '(${LESSONS.replaceAll("'", '"')})'`);
  }
  return lines.join('\n');
}

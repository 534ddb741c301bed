/**
 * `can completions`: lets a shell complete the words of `can`.
 *
 * @module
 */

import { commonFlags } from "./command/arguments.ts";
import type { Command, CommandEntry } from "./command/command.ts";
import { UsageError } from "./command/usage_error.ts";

/** A subcommand, and its flags. */
interface Words {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly string[];
}

const interfaces = "ip -o link show type can; ip -o link show type vcan; ip -o link show type vxcan";
const names = `$( { ${interfaces}; } 2>/dev/null | sed -E 's/^[0-9]+: ([^:@]+).*/\\1/')`;

const scripts: Readonly<Record<string, (commands: readonly Words[]) => string>> = {
  bash: (commands) =>
    `# bash completions of can: source <(can completions bash)
_can() {
  local word=\${COMP_WORDS[COMP_CWORD]}
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} help" -- "$word"))
    return
  fi
  if [[ $word != -* ]]; then
    COMPREPLY=($(compgen -W "${names}" -- "$word") $(compgen -f -- "$word"))
    return
  fi
  case \${COMP_WORDS[1]} in
${
      commands.map(({ name, flags }) => `    ${name}) COMPREPLY=($(compgen -W "${flags.join(" ")}" -- "$word")) ;;`)
        .join("\n")
    }
  esac
}
complete -F _can can
`,
  zsh: (commands) =>
    `#compdef can
# zsh completions of can: source <(can completions zsh)
_can() {
  if ((CURRENT == 2)); then
    local -a names
    names=(${commands.map(({ name, summary }) => `'${name}:${summary}'`).join(" ")} 'help:explain a command')
    _describe command names
    return
  fi
  case $words[2] in
${commands.map(({ name, flags }) => `    ${name}) compadd -- ${flags.join(" ")} ;;`).join("\n")}
  esac
  compadd -- ${names}
  _files
}
compdef _can can
`,
  fish: (commands) =>
    `# fish completions of can: can completions fish | source
complete -c can -f
${commands.map(({ name, summary }) => `complete -c can -n __fish_use_subcommand -a ${name} -d '${summary}'`).join("\n")}
${
      commands.flatMap(({ name, flags }) =>
        flags.map((flag) => `complete -c can -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)}`)
      ).join("\n")
    }
`,
};

/** Returns the command, which knows all others. */
export function completionsOf(table: readonly CommandEntry[]): Command {
  return {
    usage: ["bash|zsh|fish"],
    flags: {},
    examples: [{ line: "completions bash", text: "for bash: source <(can completions bash)" }],
    permissions: [],
    async run(words, { out }) {
      const [shell, more] = words.words;
      if (shell === undefined || more !== undefined || !Object.hasOwn(scripts, shell)) {
        throw new UsageError("can completions takes a shell: bash, zsh or fish");
      }
      const rows = await Promise.all(table.map(async ({ name, summary, load }) => {
        const { flags } = (await load()).command;
        return { name, summary, flags: Object.keys({ ...flags, ...commonFlags }).map((flag) => `--${flag}`) };
      }));
      out.write(scripts[shell](rows));
      return 0;
    },
  };
}

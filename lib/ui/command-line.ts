import { type Command, findCommand } from './command.ts'
import { type Flag, type Flags, GLOBAL_FLAGS, HELM_FLAGS } from './flags.ts'

/** A command line, taken apart. Nothing is judged here: `args.ts` reports what is wrong. */
export interface CommandLine {
  /** The command that the line names. Undefined: it names no existing command. */
  readonly command: Command | undefined
  /** The words that are not flags, in the order of the line: the name of the command, then its arguments. */
  readonly words: readonly string[]
  /** The values of each flag by its long name, in the order of the line. A switch without a value has `true`. */
  readonly given: ReadonlyMap<string, readonly string[]>
  /**
   * Flags that no command has, without values: `--nope`. For a group of letters: from the first unknown letter on,
   * `-xq`.
   */
  readonly unknown: readonly string[]
  /** Flags that need a value and have none: the long name, and the flag as typed. */
  readonly bare: ReadonlyMap<string, string>
  /** Flags whose value is the following word, as typed. */
  readonly spaced: readonly string[]
  /** The flag that the last word is, or ends with. Undefined: the last word is not a flag. */
  readonly ending: Pick<FlagInWord, 'flag' | 'value'> | undefined
}

/**
 * Takes a command line apart by the rules of the Go plugin (spf13/pflag): flags anywhere, `--flag value` and
 * `--flag=value`, letters as `-o json`, `-o=json` and `-ojson`, several switches as `-qh`; `--` ends the flags. It is
 * stricter in one point only: a word that looks like a flag is not taken as a value (`--flag=-x` is), because Helm
 * drops empty values.
 *
 * One name can be a switch of one command and take a value in another (`--prov`), and flags can stand before the
 * command. So the line is read with the flags of the command that it turns out to name.
 * @param argv the words after `helm s3`
 * @param commands all commands of this program
 */
export function readCommandLine(argv: readonly string[], commands: readonly Command[]): CommandLine {
  const all: Flags = Object.assign({}, ...commands.map(({ flags }) => flags), HELM_FLAGS, GLOBAL_FLAGS) as Flags
  const read = (command: Command | undefined): CommandLine => ({
    command,
    ...readWords(argv, { ...all, ...command?.flags }),
  })
  const first = findCommand(commands, argv[0])
  if (first !== undefined) return read(first)
  const namesItself = (command: Command): boolean => findCommand(commands, read(command).words[0]) === command
  return read(commands.find(namesItself))
}

/** Whether a flag never takes its value from the next word. */
export function standsAlone({ kind }: Flag): boolean {
  return kind === 'switch' || kind === 'toggle' || kind === 'optional'
}

/** A flag in a word. The word `-qo=json` holds the switch `-q`, and `-o` with its value. */
interface FlagInWord {
  /** `--output` or `-o`. For an unknown letter: the letter with everything that follows it. */
  readonly typed: string
  /** The long name of the flag. Undefined: there is no such flag. */
  readonly flag: string | undefined
  readonly value: string | undefined
}

/** The state of a line that is being read. */
interface Reading {
  readonly words: string[]
  readonly given: Map<string, string[]>
  readonly unknown: string[]
  readonly bare: Map<string, string>
  readonly spaced: string[]
  ending: FlagInWord | undefined
}

function readWords(argv: readonly string[], table: Flags): Reading {
  const line: Reading = { words: [], given: new Map(), unknown: [], bare: new Map(), spaced: [], ending: undefined }
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? ''
    line.ending = undefined
    if (word === '--') return { ...line, words: [...line.words, ...argv.slice(i + 1)] }
    if (!looksLikeFlag(word)) line.words.push(word)
    const hasTakenNext = flagsIn(word, table).map((found) => note(line, found, table, argv[i + 1]))
    if (hasTakenNext.includes(true)) i++
  }
  return line
}

/** Notes a flag of the line. @returns whether the next word is its value */
function note(line: Reading, found: FlagInWord, table: Flags, next: string | undefined): boolean {
  const { flag, typed, value } = found
  const definition = flag === undefined ? undefined : table[flag]
  line.ending = found
  if (flag === undefined || definition === undefined) {
    line.unknown.push(typed)
    return false
  }
  const values = line.given.get(flag) ?? []
  line.given.set(flag, values)
  if (value !== undefined) values.push(value)
  else if (standsAlone(definition)) values.push(definition.kind === 'optional' ? '' : 'true')
  else if (next === undefined || (looksLikeFlag(next) && !isNumber(next))) line.bare.set(flag, typed)
  else {
    values.push(next)
    line.spaced.push(typed)
    line.ending = undefined
    return true
  }
  return false
}

function looksLikeFlag(word: string): boolean {
  return word.length > 1 && word.startsWith('-')
}

function isNumber(word: string): boolean {
  return /^-\d+(?:\.\d+)?$/.test(word)
}

/** The flags in a word: one, or several letters in a group. Empty for a word that is not a flag. */
function flagsIn(word: string, table: Flags): readonly FlagInWord[] {
  const long = /^--([^=]*)(?:=(.*))?$/s.exec(word)
  if (long !== null) {
    const [, name = '', value] = long
    return [{ typed: `--${name}`, flag: Object.hasOwn(table, name) ? name : undefined, value }]
  }
  return looksLikeFlag(word) ? lettersIn(word.slice(1), table) : []
}

/**
 * The flags of a group of letters. The group ends at the first letter that takes a value, which is the rest of the
 * word, and at the first unknown letter.
 */
function lettersIn(letters: string, table: Flags): readonly FlagInWord[] {
  const found: FlagInWord[] = []
  for (let i = 0; i < letters.length; i++) {
    const rest = letters.slice(i + 1)
    const flag = flagOfLetter(letters.charAt(i), table)
    const definition = flag === undefined ? undefined : table[flag]
    if (definition === undefined)
      return [...found, { typed: `-${letters.slice(i)}`, flag: undefined, value: undefined }]
    const hasValue = rest.startsWith('=') || (rest !== '' && !standsAlone(definition))
    found.push({ typed: `-${letters.charAt(i)}`, flag, value: hasValue ? rest.replace(/^=/, '') : undefined })
    if (hasValue) break
  }
  return found
}

/** The long name of the flag with this letter. Some flags of Helm have only a letter as their name. */
function flagOfLetter(letter: string, table: Flags): string | undefined {
  if (Object.hasOwn(table, letter)) return letter
  return Object.entries(table).find(([, flag]) => 'short' in flag && flag.short === letter)?.[0]
}

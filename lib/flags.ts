/** A flag of a command, and how its value is read. `about` is the line in the help. */
export type Flag =
  | { readonly kind: 'switch'; readonly about: string; readonly short?: string }
  | { readonly kind: 'text'; readonly about: string; readonly short?: string; readonly shownDefault?: string }
  /** May be given several times. */
  | { readonly kind: 'texts'; readonly about: string; readonly required?: boolean }
  /** Go's syntax; the value is in milliseconds. */
  | { readonly kind: 'duration'; readonly about: string; readonly shownDefault?: string }
  | { readonly kind: 'choice'; readonly about: string; readonly of: readonly string[]; readonly short?: string; readonly shownDefault?: string }

export type Flags = Readonly<Record<string, Flag>>

/** What the command gets for a flag. Undefined: the flag was not given. */
export type FlagValue<F extends Flag> = F extends { readonly kind: 'switch' }
  ? boolean
  : F extends { readonly kind: 'texts' }
    ? readonly string[]
    : F extends { readonly kind: 'duration' }
      ? number | undefined
      : F extends { readonly kind: 'choice'; readonly of: readonly (infer C)[] }
        ? C | undefined
        : string | undefined

export type FlagValues<T extends Flags> = { readonly [name in keyof T]: FlagValue<T[name]> }

/** The flags of every command. */
export const GLOBAL_FLAGS = {
  acl: { kind: 'text', about: 'canned ACL of every object that is written ($S3_ACL)' },
  timeout: { kind: 'duration', about: 'limit of the whole operation', shownDefault: '5m0s' },
  verbose: { kind: 'switch', about: 'also say what is done on the side ($HELM_DEBUG)' },
  help: { kind: 'switch', about: 'show this help', short: 'h' },
} as const satisfies Flags

/** For the commands that can print a JSON object. */
export const OUTPUT_FLAG = {
  output: { kind: 'choice', about: 'how the result is printed', of: ['text', 'json'], short: 'o', shownDefault: 'text' },
} as const satisfies Flags

/**
 * Helm's own flags that it leaves in the arguments of a plugin although they have taken effect
 * (helm/helm pkg/cmd/load_plugins.go): accepted everywhere, and ignored.
 */
export const HELM_FLAGS = {
  debug: { kind: 'switch', about: '' },
  n: { kind: 'text', about: '' },
  v: { kind: 'text', about: '' },
  'burst-limit': { kind: 'text', about: '' },
  qps: { kind: 'text', about: '' },
  color: { kind: 'text', about: '' },
  colour: { kind: 'text', about: '' },
  'content-cache': { kind: 'text', about: '' },
  'kube-insecure-skip-tls-verify': { kind: 'switch', about: '' },
  'kube-tls-server-name': { kind: 'text', about: '' },
} as const satisfies Flags

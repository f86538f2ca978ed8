// One argument of a command, as every door sees it.

/** How an argument is written on the command line and offered by the chats. */
export type ArgumentKind = 'text' | 'whole number' | 'number' | 'flag' | 'choice'

/** One argument as the doors see it; `name` is the written form (kebab case), `key` the one in code. */
export type Argument = {
  key: string
  name: string
  summary: string
  kind: ArgumentKind
  required: boolean
  positional: boolean
  choices?: readonly string[]
  min?: number
  max?: number
  maxLength?: number
  /** What autocomplete offers: the name of a list in `Completions`. */
  complete?: string
  /** Former names, which still work and are not shown. */
  aliases?: readonly string[]
  /** Never written down: the audit and the log show that it was given. */
  secret?: boolean
  /** May be written several times; the values arrive as the lines of one text. */
  repeated?: boolean
}

/** The argument that a name or one of its former names means. */
export function argumentNamed(list: readonly Argument[], name: string): Argument | undefined {
  return list.find(argument => argument.name === name) ?? list.find(argument => argument.aliases?.includes(name))
}

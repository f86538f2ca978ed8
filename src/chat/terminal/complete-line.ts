// Tab completion at the prompt: command names, then flags, then the values of arguments.
import { findCommand, quoteWord, splitWords, type Word } from '../../command/command-line.ts'
import type { CommandDispatcher, Requester } from '../channel.ts'

/** The completions of `line`, and the part of it that they replace, as readline expects them. */
export function completeLine(dispatcher: CommandDispatcher, line: string, requester: Requester): [string[], string] {
  const typed = /(\S*)$/.exec(line)?.[1] ?? ''
  let words: Word[]
  try {
    words = splitWords(line.slice(0, line.length - typed.length))
  } catch {
    return [[], line]
  }
  const found = findCommand(dispatcher.commands, words)
  if (!found) return [commandNames(dispatcher, line), line]
  const flags = found.command.arguments.filter(argument => !argument.positional)
  if (typed.startsWith('-')) return [flags.map(flag => `--${flag.name} `).filter(name => name.startsWith(typed)), typed]
  const flag = flags.find(({ kind, name }) => kind !== 'flag' && found.rest.at(-1)?.raw === `--${name}`)
  const argument = flag ?? found.command.arguments.filter(({ positional }) => positional)[found.rest.length]
  const longerNames = commandNames(dispatcher, line)
  const namesInstead: [string[], string] = [longerNames, longerNames.length > 0 ? line : typed]
  if (!argument) return namesInstead
  const values = dispatcher.complete(argument, typed, requester).map(choice => `${quoteWord(choice.value)} `)
  return values.length > 0 ? [values, typed] : namesInstead
}

function commandNames(dispatcher: CommandDispatcher, line: string): string[] {
  const start = line.trimStart().toLowerCase()
  return dispatcher.commands.map(command => `${command.name} `).filter(name => name.startsWith(start))
}

// Turns what a person types after a slash into interaction data, and refuses what a Discord client would not let them send.

import type { APIApplicationCommand, APIApplicationCommandOption } from 'discord-api-types/v10'

export type Given = Record<string, string | number | boolean>

interface Sent {
  type: number
  name: string
  value?: string | number | boolean
  options?: Sent[]
  focused?: boolean
}

export interface Invocation {
  id: string
  name: string
  type: 1
  guild_id?: string
  options: Sent[]
}

/**
 * The data of `/checks add` with options by name. `focused` names the option being typed (autocomplete), and then required
 * options may still be missing. Throws in plain words when the command, an option or a value is not possible.
 */
export function invoke(commands: APIApplicationCommand[], line: string, given: Given, focused?: string): Invocation {
  const [name, ...path] = line.replace(/^\//, '').trim().split(/\s+/)
  const command = commands.find(c => c.name === name)
  if (!command)
    throw new Error(`there is no command /${name}; registered: ${commands.map(c => c.name).join(', ') || 'none'}`)
  const options = nested(command.options ?? [], path, given, line, focused)
  return {
    id: command.id,
    name: command.name,
    type: 1,
    ...(command.guild_id && { guild_id: command.guild_id }),
    options,
  }
}

function nested(
  offered: APIApplicationCommandOption[],
  path: string[],
  given: Given,
  line: string,
  focused?: string,
): Sent[] {
  const [next, ...rest] = path
  const subs = offered.filter(o => o.type === 1 || o.type === 2)
  if (next === undefined) {
    if (subs.length) throw new Error(`${line} needs one of: ${subs.map(s => s.name).join(', ')}`)
    return filled(offered, given, line, focused)
  }
  const sub = subs.find(o => o.name === next)
  if (!sub) throw new Error(`${line}: there is no "${next}" here; offered: ${offered.map(o => o.name).join(', ')}`)
  const inner = 'options' in sub ? ((sub.options ?? []) as APIApplicationCommandOption[]) : []
  return [{ type: sub.type, name: sub.name, options: nested(inner, rest, given, line, focused) }]
}

function filled(offered: APIApplicationCommandOption[], given: Given, line: string, focused?: string): Sent[] {
  for (const name of Object.keys(given))
    if (!offered.some(o => o.name === name))
      throw new Error(`${line} has no option "${name}"; offered: ${offered.map(o => o.name).join(', ')}`)
  const missing = focused ? [] : offered.filter(o => o.required && given[o.name] === undefined)
  if (missing.length) throw new Error(`${line} needs ${missing.map(o => o.name).join(', ')}`)
  return offered
    .filter(option => given[option.name] !== undefined)
    .map(option => {
      const value = given[option.name]!
      if (option.name === focused) return { type: option.type, name: option.name, value, focused: true }
      return { type: option.type, name: option.name, value: checked(option, value, line) }
    })
}

function checked(option: APIApplicationCommandOption, value: string | number | boolean, line: string) {
  const wanted = { 3: 'string', 4: 'number', 5: 'boolean', 10: 'number' }[option.type as number] ?? 'string'
  if (typeof value !== wanted) throw new Error(`${line}: ${option.name} wants a ${wanted}`)
  const choices = 'choices' in option ? (option.choices ?? []) : []
  if (choices.length && !choices.some(c => c.value === value))
    throw new Error(`${line}: ${option.name} is one of ${choices.map(c => c.value).join(', ')}`)
  if ('max_length' in option && String(value).length > (option.max_length ?? 6000))
    throw new Error(`${line}: ${option.name} is too long`)
  return value
}

// What the names of a record mean, worked out once for all records with the same names in the same order: a program writes few.
import type { Fields } from '../../formats/format.ts'
import { hasShipperNames } from '../shipper-names.ts'
import { type FieldRole, fieldRoleOf } from './field-roles.ts'

/** Which name has which role; empty where none has it. */
export type RoleNames = { readonly [role in FieldRole]: string }

/** What is known of a record by its names, and by which of its values are empty. */
export type RecordPlan = {
  roles: RoleNames
  /** The names that stay attributes. */
  remaining: readonly string[]
  /** The names of a level and of a time, best first. */
  levels: readonly string[]
  times: readonly string[]
}

/** What is known of a record by its names alone. */
export type RecordShape = {
  /** The plan of a record that has a value for each name of a role. */
  plan: RecordPlan
  /** The names that have a role, in their order. */
  roleNames: readonly string[]
  names: ReadonlySet<string>
  /** Whether a shipper or an engine wrote some of the names beside the text of a line. */
  isEnvelope: boolean
  /** Whether a shipper may name the source and the host. */
  isShipped: boolean
  /** The name of a message template, or empty. */
  template: string
}

/** `name` is the logger's name only beside one of these. */
const LOGGER_SIBLINGS = ['hostname', 'pid', 'levelno', 'levelname']
export const TEMPLATES = ['@mt', 'MessageTemplate', 'messageTemplate']
/** Names that only shippers and engines write beside the text of a line. */
const ENVELOPE_NAMES = [
  'stream',
  'kubernetes',
  'container',
  'container_name',
  'container_id',
  'docker',
  'agent',
  'file',
  'filename',
  'source_type',
]

/** The names up to one of a record, and the names that followed it in others. */
type Step = { name: string; last: Step | null; next: Map<string, Step> | null; shape: RecordShape | null }

/** Records with more or longer names are looked at again each time. */
const MAX_NAMES = 100
const MAX_NAME_LENGTH = 100
/** Senders of ever new names must not fill the memory: with so many names in all steps and shapes, they begin again. */
const MAX_KEPT_NAMES = 20_000

let first = createStep('')
let keptNames = 0

/** What is known of a record by its names. */
export function shapeOf(record: Fields): RecordShape {
  let step = first
  let count = 0
  for (const name in record) {
    if (++count > MAX_NAMES || name.length > MAX_NAME_LENGTH) return createShape(Object.keys(record))
    const { last } = step
    step = last !== null && last.name === name ? last : stepTo(step, name)
  }
  if (step.shape === null) {
    step.shape = createShape(Object.keys(record))
    countKept(count)
  }
  return step.shape
}

function createStep(name: string): Step {
  return { name, last: null, next: null, shape: null }
}

function stepTo(step: Step, name: string): Step {
  step.next ??= new Map()
  let next = step.next.get(name)
  if (next === undefined) {
    next = createStep(name)
    step.next.set(name, next)
    countKept(1)
  }
  step.last = next
  return next
}

function countKept(names: number): void {
  keptNames += names
  if (keptNames <= MAX_KEPT_NAMES) return
  first = createStep('')
  keptNames = 0
}

function createShape(names: readonly string[]): RecordShape {
  const set = new Set(names)
  return {
    plan: createPlan(names, set),
    roleNames: names.filter(name => fieldRoleOf(name) !== null),
    names: set,
    isEnvelope: ENVELOPE_NAMES.some(name => set.has(name)),
    isShipped: hasShipperNames(names),
    template: TEMPLATES.find(name => set.has(name)) ?? '',
  }
}

/** The plan of a record. An empty value is a missing one, under any name of a role. */
export function planOf(record: Fields, shape: RecordShape): RecordPlan {
  for (const name of shape.roleNames) {
    const value = record[name]
    if (value === null || value === '')
      return createPlan(
        [...shape.names].filter(each => fieldRoleOf(each) === null || (record[each] !== null && record[each] !== '')),
        shape.names,
      )
  }
  return shape.plan
}

/** The plan of these names; `all` has also those without a value. */
function createPlan(names: readonly string[], all: ReadonlySet<string>): RecordPlan {
  const roles = createRoleNames()
  const remaining: string[] = []
  for (const name of names) if (!assignRole(roles, name, all, remaining)) remaining.push(name)
  return {
    roles,
    remaining,
    levels: candidates('level', roles, remaining),
    times: candidates('timestamp', roles, remaining),
  }
}

type AssignedNames = { [role in FieldRole]: string }

function createRoleNames(): AssignedNames {
  return {
    message: '',
    level: '',
    timestamp: '',
    source: '',
    host: '',
    group: '',
    tags: '',
    fingerprint: '',
    stack: '',
    traceId: '',
    spanId: '',
    attributes: '',
    error: '',
  }
}

/** Assigns a name to its role; false when it stays an attribute. Of two names for a role the better ranked one wins. */
function assignRole(roles: AssignedNames, name: string, all: ReadonlySet<string>, remaining: string[]): boolean {
  const found = fieldRoleOf(name)
  if (found === null) return false
  if (name === 'name' && !LOGGER_SIBLINGS.some(sibling => all.has(sibling))) return false
  const rival = roles[found.role]
  if (rival !== '' && fieldRoleOf(rival)!.rank < found.rank) return false
  if (rival !== '') remaining.push(rival)
  roles[found.role] = name
  return true
}

/** The names of a role, best first; almost always there is one at most. */
function candidates(role: FieldRole, roles: RoleNames, remaining: readonly string[]): string[] {
  const best = roles[role]
  if (best === '') return []
  const others = remaining.filter(name => fieldRoleOf(name)?.role === role)
  return [best, ...others.sort((a, b) => fieldRoleOf(a)!.rank - fieldRoleOf(b)!.rank)]
}

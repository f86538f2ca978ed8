// Finds places in a source file where a small change changes what the code does: a comparison, a condition, a statement, a query.
import { parseAst } from 'rolldown/parseAst'

/** A change of `code` from `start` to `end`: in an expression, a statement that is left out, or the text of a query. */
export type Change = {
  kind: 'expression' | 'removal' | 'query'
  start: number
  end: number
  /** What stands there, and what takes its place; empty for a removal. */
  from: string
  to: string
}

type Node = { type: string; start: number; end: number; [field: string]: unknown }

const OPERATORS: Record<string, string> = {
  ...{ '<': '<=', '<=': '<', '>': '>=', '>=': '>', '===': '!==', '!==': '===' },
  ...{ '+': '-', '-': '+', '*': '/', '/': '*', '&&': '||', '||': '&&' },
}
// Maps, because every object has a `toString`, too.
const BUILDER_CALLS = new Map([
  ['lt', 'lte'],
  ['lte', 'lt'],
  ['gt', 'gte'],
  ['gte', 'gt'],
  ['eq', 'ne'],
  ['ne', 'eq'],
  ['asc', 'desc'],
  ['desc', 'asc'],
  ['isNull', 'isNotNull'],
  ['isNotNull', 'isNull'],
])
const METHODS = new Map([
  ['some', 'every'],
  ['every', 'some'],
  ['min', 'max'],
  ['max', 'min'],
])
const QUERY_CHANGES: readonly [RegExp, string][] = [
  [/ <= /, ' < '],
  [/ < /, ' <= '],
  [/ > /, ' >= '],
  [/ is not null\b/, ' is null'],
  [/ is null\b/, ' is not null'],
  [/ desc\b/, ' asc'],
  [/ and (?=\w+ [<=>])/, ' or '],
]
/** What only logs, or builds a text for people. */
const UNTESTED_CALL = /^(await )?(\w+\.)*logger\.|^console\.|^process\./
const FUNCTIONS = /^(Arrow)?Function|^FunctionDeclaration/

/** Every change of a file that acts while it runs, and not when it is loaded. */
export function findChanges(code: string): Change[] {
  return [...changesIn(code, parseAst(code, { lang: 'ts' }) as unknown as Node, false)]
}

function* changesIn(code: string, node: Node, inFunction: boolean): Generator<Change> {
  const isType = node.type.startsWith('TS') && !/^TS(As|NonNull|Satisfies)/.test(node.type)
  if (isType) return
  const text = (part: unknown) => code.slice((part as Node).start, (part as Node).end)
  if (inFunction)
    for (const to of [operatorChange(node, text), ...callChanges(node, text)])
      if (to !== null) yield { kind: 'expression', start: node.start, end: node.end, from: text(node), to }
  const condition = node.type === 'IfStatement' ? (node.test as Node) : null
  if (inFunction && condition)
    yield { kind: 'expression', start: condition.start, end: condition.end, from: text(condition), to: 'false' }
  if (inFunction && isRemovable(node, text))
    yield { kind: 'removal', start: node.start, end: node.end, from: text(node), to: '' }
  yield* queryChanges(node)
  for (const child of childrenOf(node)) yield* changesIn(code, child, inFunction || FUNCTIONS.test(node.type))
}

function childrenOf(node: Node): Node[] {
  return Object.entries(node)
    .filter(([field]) => field !== 'typeAnnotation' && field !== 'typeArguments')
    .flatMap(([, value]) => value)
    .filter(value => typeof value === 'object' && value !== null && typeof (value as Node).type === 'string') as Node[]
}

type TextOf = (part: unknown) => string

function operatorChange(node: Node, text: TextOf): string | null {
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression': {
      const other = OPERATORS[node.operator as string]
      // A text that is put together is for people, mostly.
      const isText = node.operator === '+' && /['"`]/.test(text(node))
      return other && !isText ? `(${text(node.left)}) ${other} (${text(node.right)})` : null
    }
    case 'UnaryExpression':
      return node.operator === '!' ? `(${text(node.argument)})` : null
    case 'ConditionalExpression':
      return `(${text(node.test)}) ? (${text(node.alternate)}) : (${text(node.consequent)})`
    case 'Literal':
      return typeof node.value === 'boolean' ? String(!node.value) : null
    default:
      return null
  }
}

function isRemovable(node: Node, text: TextOf): boolean {
  if (node.type !== 'ExpressionStatement') return false
  const { type } = node.expression as Node
  return /^(Await|Call|Assignment|Update)Expression$/.test(type) && !UNTESTED_CALL.test(text(node))
}

function callChanges(node: Node, text: TextOf): string[] {
  if (node.type !== 'CallExpression' || node.optional) return []
  const callee = node.callee as Node
  const args = (node.arguments as Node[]).map(text)
  const isPlain = callee.type === 'Identifier'
  const name = isPlain ? callee.name : (callee.property as Node | undefined)?.name
  if (typeof name !== 'string' || callee.optional) return []
  const changes: string[] = []
  // The query builder's functions are called plainly, those of lists and of Math as methods.
  if (isPlain && BUILDER_CALLS.has(name)) changes.push(`${BUILDER_CALLS.get(name)}(${args.join(', ')})`)
  if (isPlain && name === 'and' && args.length > 1) changes.push(`and(${args.slice(0, -1).join(', ')})`)
  if (!isPlain && METHODS.has(name)) changes.push(`${text(callee.object)}.${METHODS.get(name)}(${args.join(', ')})`)
  if (!isPlain && name === 'filter') changes.push(text(callee.object))
  return changes
}

function* queryChanges(node: Node): Generator<Change> {
  const isText = node.type === 'Literal' && typeof node.value === 'string'
  if (!isText && node.type !== 'TemplateElement') return
  const from = isText ? (node.value as string) : ((node.value as { cooked?: string }).cooked ?? '')
  if (!/\b(select|update|delete from|where|order by)\b/.test(from) || !/\b(from|set|where|and)\b/.test(from)) return
  for (const [found, to] of QUERY_CHANGES)
    if (found.test(from)) {
      const { start, end } = node
      yield { kind: 'query', start, end, from, to: from.replace(found, to) }
    }
}

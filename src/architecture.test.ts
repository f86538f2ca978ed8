// The shape of the code, read off its import lines and names: layers, circles, sizes, libraries and vocabulary.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const MAX_FILE_LINES = 400
const MAX_FOLDER_FILES = 20

/** The layers, top to bottom. A file imports its own layer and those below. */
const LAYERS: [layer: string, files: RegExp][] = [
  ['main', /^src\/(main|cli)\.ts$/],
  ['app', /^src\/(app|services)\.ts$|^src\/app\//],
  ['doors', /^src\/(intake\/|chat\/\w+\/(?!definition\.ts)|chat\/tails\.ts|jobs\/|dispatcher\.ts)/],
  ['commands', /^commands\//],
  ['forwards', /^src\/forwards\//],
  ['notifications', /^src\/(notifications|status-page)\//],
  ['alerts', /^src\/alerts\//],
  ['detectors', /^src\/detectors\//],
  ['operations', /^src\/(operations|replication)\//],
  ['nouns', /^src\/(checks|probes|satellites|logs|hosts|projects|analysis|imports)\/|^src\/connectivity\/(?!targets)/],
  ['state', /^src\/state\//],
  // Plays generated traffic to a real server over HTTP: it knows the leaves and nothing else of Vakt.
  ['simulation', /^src\/simulation\//],
  [
    'leaves',
    /^src\/(card|diagnosis|problem|time|clock|time-zone|logger|text|severity|bytes|backoff|bounded-map|slices|storage-failure|telemetry)\.ts$|^src\/(command|config|charts)\/|^src\/chat\/(?!tails)[\w-]+\.ts$|^src\/chat\/\w+\/definition\.ts$|^src\/connectivity\/targets\.ts$/,
  ],
]

/** What a lower layer may know of a higher one: types only. */
const TYPES_FROM_ABOVE: Record<string, RegExp> = {
  // Commands report the health of what runs above them.
  commands: /^src\/(jobs\/(scheduler|action-runner|probes\/check-prober|scenarios\/scenario-runner)|chat\/tails)\.ts$/,
}

/** A chat platform loads itself with its SDK, and only when it is configured: the one import that goes up. */
const LOADED_WHEN_CONFIGURED =
  /^src\/chat\/(\w+)\/definition\.ts -> src\/chat\/\1\/(platform|diagnose|diagnosis\/diagnose)\.ts$/

/** The one place of each library; a package that is not listed is imported nowhere. */
const LIBRARIES: Record<string, RegExp> = {
  'discord.js': /^src\/chat\/discord\//,
  '@slack/bolt': /^src\/chat\/slack\//,
  grammy: /^src\/chat\/telegram\//,
  nodemailer: /^src\/chat\/email\//,
  hono: /^src\/intake\/|^bench\/bare\.ts$/,
  '@hono/node-server': /^src\/(intake\/|app\/(satellite-)?process\.ts)|^bench\/bare\.ts$/,
  '@hono/zod-openapi': /^src\/intake\//,
  'prom-client': /^src\/intake\/metrics\/metrics\.ts$/,
  '@msgpack/msgpack': /^src\/intake\/sockets\//,
  aws4fetch: /^src\/(logs\/archive|replication\/lease)\//,
  'better-sqlite3': /^src\/state\/sqlite\.ts$/,
  'drizzle-orm': /^src\/state\/|^src\/(checks|alerts)\/[\w-]+s\.ts$/,
  croner: /^src\/checks\/cron\.ts$/,
  'ical.js': /^src\/checks\/exceptions\/ics\.ts$/,
  'node-ssh': /^src\/hosts\//,
  ssh2: /^src\/hosts\//,
  '@anthropic-ai/sdk': /^src\/analysis\//,
  echarts: /^src\/charts\//,
  '@resvg/resvg-js': /^src\/charts\//,
  re2js: /^src\/logs\//,
  '@bufbuild/protobuf': /^src\/(logs\/wire|intake\/protocols)\//,
  hysnappy: /^src\/logs\/wire\//,
  'fastest-levenshtein': /^src\/command\/nearest\.ts$/,
  'age-encryption': /^src\/operations\/backup\/secrets\.ts$/,
  yaml: /^src\/simulation\//,
  zod: /^commands\/|^src\/(config|command|intake|logs|analysis|simulation)\/|^src\/chat\/(platform-definition|\w+\/definition)\.ts$/,
}

/** Files named for a table (plural), which alone speak SQL outside `src/state`. */
const TABLE_FILES =
  /^src\/state\/|^src\/(checks|probes|satellites|projects|alerts|notifications|status-page|hosts|analysis|connectivity)\/([\w-]+\/)?[\w-]+s\.ts$|^src\/forwards\/forwards\.ts$|\/(clock-rollback|outbox|people)\.ts$|^src\/alerts\/lifecycle\.ts$|^src\/analysis\/model\/spending\.ts$|^src\/projects\/audit\.ts$|^src\/logs\/(searches|archives|log-formats|counters|window-counts|errors\/errors|sources)\.ts$|^src\/detectors\/rules\/(rules|rule-states)\.ts$/

/** Rules without I/O (singular names): no clock, disk, network or database. */
const PURE_FILES =
  /^src\/(checks\/(check|beat|cron|crontab|due|exceptions\/(exception|ics)|on-calendar\/[\w-]+|unusual-run|active-hours|schedule|hour-offset)|status-page\/(status-page|badge|page-html|page-json)|probes\/(probe|expectation|availability|packed-results)|satellites\/(satellite|record)|hosts\/actions\/action|detectors\/(missed-beat|failing-backup|unusual-run|probe-failure|downtime|chat-disconnected|logs\/(line-matcher|log-store)|rules\/(rule|rule-state|rule-settings))|alerts\/(alert|suppression\/(suppression|inhibition|flapping))|notifications\/delivery\/next-step)\.ts$/

/** Where functions may wait: the doors, the delivery loop, the log store and what runs beside them. */
const ASYNC_FILES =
  /^(src\/(main|cli|app|services|dispatcher|slices)\.ts|src\/imports\/export-file\.ts|src\/command\/command\.ts|src\/(app|intake|chat|forwards|notifications|hosts|analysis|charts|operations|replication|simulation|jobs)\/|src\/connectivity\/(probe|ping)\.ts|src\/probes\/doors\/|src\/checks\/exceptions\/calendar-reader\.ts|src\/logs\/(archive\/|embedded\/|engine\/|(store|lazy-store|name-cache|search-advice)\.ts)|src\/state\/group-commit\.ts|commands\/)/

const files = [...sources('src'), ...sources('commands')].filter(
  file => !/\.(test|testing|contract)\.ts$|^src\/testing\//.test(file),
)

describe('layers', () => {
  it('hold every file', () => {
    expect(files.filter(file => layerOf(file) < 0)).toEqual([])
  })

  it('import downwards only', () => {
    expect(
      imports()
        .filter(({ from, to, typeOnly }) => !mayImport(from, to, typeOnly))
        .map(({ from, to }) => `${from} -> ${to}`),
    ).toEqual([])
  })

  it('have no circle of imports, types included', () => {
    expect(circles()).toEqual([])
  })

  it('let only the terminal client and the runner of scenarios play generated traffic', () => {
    const players = imports().filter(
      ({ from, to }) => /^src\/simulation\//.test(to) && !/^src\/simulation\//.test(from),
    )
    expect([...new Set(players.map(({ from }) => from))]).toEqual([
      'src/cli.ts',
      'src/jobs/scenarios/scenario-runner.ts',
    ])
  })

  it('keep every library in its one place', () => {
    const misplaced = files.flatMap(file =>
      packagesOf(file)
        .filter(name => !name.startsWith('node:') && !LIBRARIES[name]?.test(file))
        .map(name => `${file} imports ${name}`),
    )
    expect(misplaced).toEqual([])
  })

  it('speak SQL only in files named for a table', () => {
    const speaking = [
      ...imports()
        .filter(({ to }) => to === 'src/state/orm.ts')
        .map(({ from }) => from),
      ...files.filter(file => /state\.(db|prepare)\b/.test(read(file))),
    ]
    expect([...new Set(speaking)].filter(file => !TABLE_FILES.test(file))).toEqual([])
  })

  it('keep pure files (singular names) from the clock, the disk, the network and the database', () => {
    const pure = files.filter(file => PURE_FILES.test(file))
    expect(pure.length).toBeGreaterThan(10)
    const impure = /Date\.now|new Date\(\)|from 'node:(fs|net|http)|fetch\(|state\.(db|prepare)/
    expect(pure.filter(file => impure.test(read(file)))).toEqual([])
  })

  it('wait only in the doors, the delivery loop and the log store', () => {
    const asynchronous = files.filter(file => /\basync (function|\(|\w+ =>|\w+\()|: Promise</.test(read(file)))
    expect(asynchronous.filter(file => !ASYNC_FILES.test(file))).toEqual([])
  })
})

describe('files', () => {
  it(`have at most ${MAX_FILE_LINES} lines`, () => {
    expect(files.filter(file => read(file).split('\n').length > MAX_FILE_LINES + 1)).toEqual([])
  })

  it(`lie at most ${MAX_FOLDER_FILES} in a folder`, () => {
    const counts = Map.groupBy(files, file => dirname(file))
    expect([...counts].filter(([, own]) => own.length > MAX_FOLDER_FILES).map(([folder]) => folder)).toEqual([])
  })

  it('begin with a sentence that says what they are for', () => {
    expect(files.filter(file => !/^(#!.*\n)?\/\/ [A-Z].*[.:,;a-z0-9]/.test(read(file)))).toEqual([])
  })

  it('have no retired word in their name or in the names that they export', () => {
    const retired = retiredWords()
    expect(retired.size).toBeGreaterThan(20)
    const names = files.flatMap(file => [file.replace(/\.ts$/, ''), ...exportsOf(file).map(name => `${file} ${name}`)])
    expect(names.filter(name => wordsOf(name.split(/[/ ]/).at(-1)!).some(word => retired.has(word)))).toEqual([])
  })

  it('have names that say something', () => {
    const empty = /(^|[/-])(utils?|helpers?|managers?|handlers?|misc|common|data|info)(\.|-|\/)/i
    expect(files.filter(file => empty.test(file))).toEqual([])
  })
})

function mayImport(from: string, to: string, typeOnly: boolean): boolean {
  const [higher, lower] = [layerOf(from), layerOf(to)]
  if (lower >= higher || LOADED_WHEN_CONFIGURED.test(`${from} -> ${to}`)) return true
  const layer = LAYERS[higher]![0]
  return typeOnly && (TYPES_FROM_ABOVE[layer]?.test(to) ?? false)
}

function layerOf(file: string): number {
  return LAYERS.findIndex(([, files]) => files.test(file))
}

function imports(): { from: string; to: string; typeOnly: boolean }[] {
  return files
    .flatMap(from =>
      [...read(from).matchAll(/^(import|export)( type)?\b[^'"]*?from '(\.[^']+)'|import\('(\.[^']+)'\)/gm)].map(
        match => ({
          from,
          to: relative(ROOT, join(ROOT, dirname(from), match[3] ?? match[4]!)),
          typeOnly: match[2] !== undefined,
        }),
      ),
    )
    .filter(({ to }) => to.endsWith('.ts'))
}

/** Every circle of imports, as its sorted files: the strongly connected components of more than one file (Tarjan, 1972). */
function circles(): string[][] {
  const next = Map.groupBy(imports(), ({ from }) => from)
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  const visit = (file: string) => {
    index.set(file, index.size)
    low.set(file, index.get(file)!)
    stack.push(file)
    for (const { to } of next.get(file) ?? []) {
      if (!index.has(to)) {
        visit(to)
        low.set(file, Math.min(low.get(file)!, low.get(to)!))
      } else if (stack.includes(to)) low.set(file, Math.min(low.get(file)!, index.get(to)!))
    }
    if (low.get(file) !== index.get(file)) return
    const component = stack.splice(stack.indexOf(file))
    if (component.length > 1) found.push(component.toSorted())
  }
  for (const file of files) if (!index.has(file)) visit(file)
  return found
}

/** The words in the last list of the glossary, which no file and no export may have in its name. */
function retiredWords(): Set<string> {
  const list = read('docs/glossary.md').split('names of files and exports:').at(-1)!
  return new Set([...list.matchAll(/`(\w+)`/g)].map(match => match[1]!))
}

function exportsOf(file: string): string[] {
  const exported = /^export (?:async )?(?:function\*?|const|let|class|type|interface) (\w+)/gm
  return [...read(file).matchAll(exported)].map(match => match[1]!)
}

/** The words of a name in camel, kebab or snake case, in lower case. */
function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[\s_.-]+/)
    .map(word => word.toLowerCase())
}

function packagesOf(file: string): string[] {
  const names = [...read(file).matchAll(/(?:from|import\() ?'([^.'\s][^'\s]*)'/g)].map(match => match[1]!)
  return names.map(name =>
    name
      .split('/')
      .slice(0, name.startsWith('@') ? 2 : 1)
      .join('/'),
  )
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => join(folder, name))
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

// The shape of the house, read off the import lines: imports point down only, and each library has its one place.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

/** The floors, top to bottom. A file may import its own floor and those below. */
const FLOORS: [floor: string, files: RegExp][] = [
  ['main', /^src\/(main|cli)\.ts$/],
  ['house', /^src\/house\.ts$/],
  [
    'doors',
    /^src\/(intake\/|chat\/(discord|slack|terminal|telegram|email|webhook)\/|chat\/tails\.ts|scheduler\.ts|lookout\.ts|pruning\.ts|action-runner\.ts|automatic-actions\.ts|log-keeping\.ts|search-rules\.ts|desk\.ts|deadman\.ts)/,
  ],
  ['commands', /^commands\//],
  ['notifications', /^src\/notifications\//],
  ['alerts', /^src\/alerts\//],
  ['detectors', /^src\/detectors\//],
  ['nouns', /^src\/(checks|logs|hosts|projects|analysis)\/|^src\/connectivity\/(?!targets)/],
  ['state', /^src\/state\//],
  // Plays made-up traffic to a real server over HTTP: it knows the leaves and nothing of the house.
  ['simulation', /^src\/simulation\//],
  [
    'leaves',
    /^src\/(card|command|command-faults|command-line|log|config|missing-settings|log-settings|trusted-proxies|time|time-zone|problem|problem-card|unknown-command)\.ts$|^src\/chat\/(channel|card-text|troubles)\.ts$|^src\/connectivity\/targets\.ts$|^src\/charts\//,
  ],
]

/** What a lower floor may know of a higher one: shapes only. */
const TYPES_FROM_ABOVE: Record<string, RegExp> = {
  // Commands tell the health of what runs above them.
  commands: /^src\/(scheduler|chat\/tails|action-runner)\.ts$/,
}

/** Each library's one place; everything else of a package is imported nowhere. */
const PLACES: Record<string, RegExp> = {
  'discord.js': /^src\/chat\/discord\//,
  '@slack/bolt': /^src\/chat\/slack\//,
  grammy: /^src\/chat\/telegram\//,
  nodemailer: /^src\/chat\/email\//,
  hono: /^src\/intake\/|^bench\/bare\.ts$/,
  '@hono/node-server': /^src\/(intake\/|main\.ts)|^bench\/bare\.ts$/,
  aws4fetch: /^src\/logs\/archive\//,
  'better-sqlite3': /^src\/state\/sqlite\.ts$/,
  'drizzle-orm': /^src\/state\/|^src\/(checks|projects|hosts|alerts|notifications)\/[\w-]+s\.ts$/,
  croner: /^src\/checks\/cron\.ts$/,
  'node-ssh': /^src\/hosts\//,
  ssh2: /^src\/hosts\//,
  '@anthropic-ai/sdk': /^src\/analysis\//,
  echarts: /^src\/charts\//,
  '@resvg/resvg-js': /^src\/charts\//,
  re2js: /^src\/logs\//,
  'fastest-levenshtein': /^src\/unknown-command\.ts$/,
  yaml: /^src\/simulation\//,
  zod: /^commands\/|^src\/(config|log-settings|command|command-faults)\.ts$|^src\/(intake|logs|analysis|simulation)\//,
}

const files = [...sources('src'), ...sources('commands')].filter(
  file => !/\.test\.ts$|\.testing\.ts$|^src\/testing\//.test(file),
)

describe('the house', () => {
  it('gives every file a floor', () => {
    expect(files.filter(file => floorOf(file) < 0)).toEqual([])
  })

  it('imports point down only', () => {
    expect(
      imports()
        .filter(({ from, to, typeOnly }) => !mayImport(from, to, typeOnly))
        .map(({ from, to }) => `${from} -> ${to}`),
    ).toEqual([])
  })

  it('plays made-up traffic from the terminal client only', () => {
    const players = imports().filter(
      ({ from, to }) => /^src\/simulation\//.test(to) && !/^src\/simulation\//.test(from),
    )
    expect([...new Set(players.map(({ from }) => from))]).toEqual(['src/cli.ts'])
  })

  it('keeps every library in its place', () => {
    const misplaced = files.flatMap(file =>
      packagesOf(file)
        .filter(name => !name.startsWith('node:') && !PLACES[name]?.test(file))
        .map(name => `${file} imports ${name}`),
    )
    expect(misplaced).toEqual([])
  })

  it('speaks SQL only in files named for a table', () => {
    const tables =
      /^src\/state\/|^src\/(checks|projects|alerts|notifications|hosts|analysis)\/[\w-]+s\.ts$|^src\/connectivity\/states\.ts$|^src\/(projects\/audit|logs\/(searches|archives|counters|line-counts|errors|sources)|detectors\/(rules|watches))\.ts$/
    const speaking = [
      ...imports()
        .filter(({ to }) => to === 'src/state/orm.ts')
        .map(({ from }) => from),
      ...files.filter(file => /state\.(db|prepare)\b/.test(read(file))),
    ]
    expect(speaking.filter(file => !tables.test(file))).toEqual([])
  })

  it('pure files (singular names) do not read the clock, the disk, the network or the database', () => {
    const pure = files.filter(file =>
      /^src\/(checks\/(check|beat|cron|active-hours|schedule|hour-offset)|hosts\/action|alerts\/(alert|hold|kinship|flap|threshold|maintenance)|notifications\/next-step)\.ts$/.test(
        file,
      ),
    )
    expect(pure.length).toBeGreaterThan(5)
    expect(
      pure.filter(file =>
        /Date\.now|new Date\(\)|from 'node:(fs|net|http)|fetch\(|state\.(db|prepare)/.test(read(file)),
      ),
    ).toEqual([])
  })

  it('has no file over 250 lines and no name that says nothing', () => {
    expect(files.filter(file => read(file).split('\n').length > 251)).toEqual([])
    const names = /(^|[/-])(utils?|helpers?|managers?|services?|handlers?|misc|common|data|info)(\.|-|\/)/i
    expect(files.filter(file => names.test(file))).toEqual([])
  })

  it('begins every file with a sentence that says what it is for', () => {
    const silent = files.filter(file => !/^(#!.*\n)?\/\/ [A-Z].*[.:,;a-z0-9]/.test(read(file)))
    expect(silent).toEqual([])
  })

  it('waits only in doors, the delivery loop and the log store', () => {
    const waiting =
      /^(src\/(main|cli|house|log-keeping|search-rules|desk|deadman|action-runner)\.ts|src\/(intake|chat|notifications|hosts|analysis|charts|simulation)\/|src\/connectivity\/(probe|ping)\.ts|src\/logs\/(archive\/|embedded\/|(store|opened-on-use|recent-names)\.ts)|src\/state\/group-commit\.ts|commands\/)/
    const asynchronous = files.filter(file => /\basync (function|\(|\w+ =>|\w+\()|: Promise</.test(read(file)))
    expect(asynchronous.filter(file => !waiting.test(file) && file !== 'src/command.ts')).toEqual([])
  })
})

function mayImport(from: string, to: string, typeOnly: boolean): boolean {
  const [higher, lower] = [floorOf(from), floorOf(to)]
  if (lower >= higher) return true
  const floor = FLOORS[higher]![0]
  return typeOnly && (TYPES_FROM_ABOVE[floor]?.test(to) ?? false)
}

function floorOf(file: string): number {
  return FLOORS.findIndex(([, files]) => files.test(file))
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

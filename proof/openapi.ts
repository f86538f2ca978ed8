// Sends generated requests to a running Vakt, for every operation of its OpenAPI document, and holds each answer to it.
// Schemathesis (https://schemathesis.io) generates them; it is installed into a temporary folder of its own.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ADMIN_KEY, type Server, startServer } from '../bench/server.ts'

const SCHEMATHESIS = 'schemathesis>=4.32,<5'
const DEFAULT_EXAMPLES = '100'
const COMMANDS_IN_A_RUN = 40
/** What is no fault of a valid body: keys that are generated too, names of nothing, limits. */
const REFUSALS = '"401", "403", "404", "409", "429", "503"'

/** Options: `examples` for each operation (default: 100), `seed` (default: random), `python` with schemathesis installed. */
export async function openapi(options: Readonly<Record<string, string>>): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'vakt-proof-'))
  const seed = options.seed ?? String(Math.floor(Math.random() * 1e9))
  const examples = options.examples ?? DEFAULT_EXAMPLES
  const vakt = await startServer('src/main.ts', { LOG_LEVEL: 'error', TRUST_PROXY: '127.0.0.1' })
  try {
    const schemathesis = await install(folder, options.python)
    const config = join(folder, 'schemathesis.toml')
    writeFileSync(config, configOf(await fill(vakt)))
    const documents = await readDocuments(vakt, folder)
    console.log(`openapi: seed ${seed}, at most ${examples} examples for each operation`)
    const started = performance.now()
    let failures = 0
    for (const document of documents) {
      const code = await run(schemathesis, [
        `--config-file=${config}`,
        'run',
        document,
        `--url=${vakt.url}`,
        `--seed=${seed}`,
        `--max-examples=${examples}`,
      ])
      if (code !== 0) failures++
    }
    const seconds = Math.round((performance.now() - started) / 1000)
    console.log(`openapi: ${failures} of ${documents.length} runs failed, ${seconds} s, seed ${seed}`)
    return failures === 0 && (await isAlive(vakt))
  } finally {
    await vakt.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The schemathesis of `python`, or one in a virtual environment below `folder`. */
async function install(folder: string, python: string | undefined): Promise<string> {
  if (python !== undefined) return join(python, '..', 'schemathesis')
  const environment = join(folder, 'venv')
  if ((await run('python3', ['-m', 'venv', environment])) !== 0) throw new Error('This proof needs python3 with venv.')
  const pip = join(environment, 'bin', 'pip')
  if ((await run(pip, ['install', '--quiet', '--disable-pip-version-check', SCHEMATHESIS])) !== 0)
    throw new Error('pip could not install schemathesis.')
  return join(environment, 'bin', 'schemathesis')
}

type Document = { paths: Record<string, Record<string, unknown>> }
type Commands = { post: { requestBody: { content: { 'application/json': { schema: { anyOf: unknown[] } } } } } }

/**
 * The document of `vakt` as files: the first one with all operations and some commands, then the other commands, because
 * schemathesis cannot generate from a choice among all of them.
 */
async function readDocuments(vakt: Server, folder: string): Promise<string[]> {
  const read = async () => (await (await fetch(`${vakt.url}/openapi.json`)).json()) as Document
  const commandsOf = (document: Document) => {
    const { post } = document.paths['/api/commands'] as Commands
    return post.requestBody.content['application/json'].schema
  }
  const { anyOf } = commandsOf(await read())
  const slices = Math.ceil(anyOf.length / COMMANDS_IN_A_RUN)
  const files: string[] = []
  for (let i = 0; i < slices; i++) {
    const document = await read()
    commandsOf(document).anyOf = anyOf.slice(i * COMMANDS_IN_A_RUN, (i + 1) * COMMANDS_IN_A_RUN)
    if (i > 0) document.paths = { '/api/commands': document.paths['/api/commands']! }
    const file = join(folder, `openapi-${i}.json`)
    writeFileSync(file, JSON.stringify(document))
    files.push(file)
  }
  return files
}

type Known = { uuid: string; pingKey: string; lineId: string }

/** Gives Vakt something of each kind, so that requests name what exists. */
async function fill(vakt: Server): Promise<Known> {
  const { check } = await vakt.command<{ check: { uuid: string } }>('checks add job --every 1d')
  const { project } = await vakt.command<{ project: { ping_key: string } }>('projects show')
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ message: 'a line to read', level: 'error' })
  const sent = await fetch(`${vakt.url}/api/logs`, { method: 'POST', headers, body })
  if (!sent.ok) throw new Error(`the first line was answered ${sent.status}`)
  const { logs } = await vakt.command<{ logs: { id: string }[] }>('logs search read')
  return { uuid: check.uuid, pingKey: project.ping_key, lineId: logs[0]!.id }
}

async function isAlive(vakt: Server): Promise<boolean> {
  const ready = await fetch(`${vakt.url}/readyz`)
  console.log(`openapi: afterwards /readyz is ${ready.status}, ${Math.round(vakt.memory())} MB are used`)
  return ready.ok
}

/**
 * What schemathesis cannot know. A body that is compressed as its header says cannot be generated, so the header is fixed.
 * Where a text has a grammar of its own that a schema cannot express, 400 is an allowed answer to a valid request:
 * queries, cursors, command lines and their arguments, which may also conflict with what exists.
 */
function configOf({ uuid, pingKey, lineId }: Known): string {
  return `
hooks = "${join(import.meta.dirname, 'openapi_hooks.py')}"
continue-on-failure = true
max-redirects = 0
request-timeout = 120
suppress-health-check = ["all"]
warnings = false

[checks]
enabled = true

[phases.stateful]
enabled = false

[auth.openapi.bearer]
bearer = "${ADMIN_KEY}"

[auth.openapi.apiKey]
api_key = "${ADMIN_KEY}"

[parameters]
"path.uuid" = "${uuid}"
"path.ping_key" = "${pingKey}"
"path.id" = "${lineId}"
"query.project" = "default"
"query.tz" = "Europe/Oslo"
"query.channel" = "f8d0a6cc-3c1f-4b6e-9f51-0a2c1de2b7aa"
"header.Content-Encoding" = "identity"

# Every method pings, and a ping ignores what it does not know: no beat is lost to a parameter.
[[operations]]
include-tag = "Pings"
checks.negative_data_rejection.enabled = false
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "404"]
phases.coverage.unexpected-methods = []

[[operations]]
include-operation-id = ["searchLogs", "deleteLogs", "tailLogs"]
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", ${REFUSALS}]
max-stream-events = 1

# A line of any shape is stored, as attributes at least.
[[operations]]
include-operation-id = "sendLogs"
checks.negative_data_rejection.enabled = false

# Doors for other programs take whatever those send: a field of another type stays an attribute, an empty body is no line. What
# their protocols refuse (a bulk without actions, an event without text) has a grammar of its own.
[[operations]]
include-tag = "Logs by other protocols"
checks.negative_data_rejection.enabled = false
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "415", "422", ${REFUSALS}]

# Notifications of other programs: the schema names what is read, and 400 or 422 is the answer to what is no notification.
[[operations]]
include-operation-id = ["reportUptimeKumaNotification", "reportUptimeKumaNotificationByGet", "reportSentryNotification", "reportGithubWorkflow", "reportGrafanaNotification", "reportWebhook", "postAlerts"]
checks.negative_data_rejection.enabled = false
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "422", ${REFUSALS}]

# null is what Ansible's module sends where there is nothing to send.
[[operations]]
include-tag = "Healthchecks' API"
checks.negative_data_rejection.expected-statuses = ["200", "201", "400", "401", "403", "404", "405", "413", "429"]

# One alert of several is rejected alone; see openapi_hooks.py.
[[operations]]
include-operation-id = ["reportAlerts", "reportAlertmanagerNotification"]
checks.negative_data_rejection.expected-statuses = ["200", "400", "401", "413", "415", "422"]

[[operations]]
include-operation-id = "runCommand"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "404", "409", "422", "429", "503"]
`
}

function run(command: string, words: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', error => reject(new Error(`${command} does not run: ${error.message}`)))
    child.once('close', code => resolve(code ?? 1))
  })
}

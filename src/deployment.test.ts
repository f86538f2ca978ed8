// What deploys Vakt agrees with the image and the settings: ports, users, paths, names of settings, and steps of CI.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { proxyList } from './config/trusted-proxies.ts'
import { readClientAddress } from './intake/client-address.ts'

const ROOT = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const docker = read('Dockerfile')
const image = {
  port: Number(/^EXPOSE (\d+)$/m.exec(docker)![1]),
  data: /^VOLUME (\S+)$/m.exec(docker)![1]!,
  environment: Object.fromEntries(
    [...docker.matchAll(/(HOST|PORT|DATA_DIR)=(\S+)/g)].map(([, name, value]) => [name!, value!]),
  ),
  command: (JSON.parse(/^CMD (\[.*\])$/m.exec(docker)![1]!) as string[]).join(' '),
}
const known = new Set(Object.keys(parseEnv(read('.env.example'))))
/** The user "node" of the base image. */
const NODE_USER = 1000

type Container = {
  name: string
  ports?: { name: string; containerPort: number }[]
  env?: { name: string; value: string }[]
  securityContext: {
    readOnlyRootFilesystem: boolean
    allowPrivilegeEscalation: boolean
    capabilities: { drop: string[] }
  }
  volumeMounts: { name: string; mountPath: string }[]
  [probe: `${string}Probe`]: { httpGet: { path: string; port: string } }
}
type PodSpec = {
  securityContext: { runAsNonRoot: boolean; runAsUser: number; fsGroup: number }
  terminationGracePeriodSeconds: number
  containers: Container[]
  initContainers?: Container[]
}

function holdsPod({ securityContext, containers, terminationGracePeriodSeconds }: PodSpec): void {
  expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: NODE_USER, fsGroup: NODE_USER })
  expect(terminationGracePeriodSeconds).toBeGreaterThan(10)
  const vakt = containers.find(({ name }) => name === 'vakt')!
  expect(vakt.ports).toEqual([{ name: 'http', containerPort: image.port }])
  expect(Object.fromEntries(vakt.env!.map(({ name, value }) => [name, value]))).toMatchObject(image.environment)
  expect(vakt.volumeMounts).toContainEqual({ name: 'data', mountPath: image.data })
  expect(vakt.volumeMounts).toContainEqual({ name: 'tmp', mountPath: '/tmp' })
  expect([vakt.livenessProbe!.httpGet.path, vakt.readinessProbe!.httpGet.path]).toEqual(['/healthz', '/readyz'])
}

const isRestricted = ({ securityContext }: Container) =>
  securityContext.readOnlyRootFilesystem &&
  !securityContext.allowPrivilegeEscalation &&
  securityContext.capabilities.drop.includes('ALL')

it('the image runs as a user, on the port and in the folder of its environment', () => {
  expect(image.environment).toEqual({ HOST: '0.0.0.0', PORT: String(image.port), DATA_DIR: image.data })
  expect(docker).toMatch(/^USER node$/m)
})

describe('the manifests', () => {
  const { spec } = parse(read('deploy/kubernetes/base/statefulset.yaml')) as {
    spec: { replicas: number; template: { spec: PodSpec } }
  }

  it('run one restricted pod with the ports, paths and user of the image', () => {
    expect(spec.replicas).toBe(1)
    holdsPod(spec.template.spec)
    expect(spec.template.spec.containers.every(isRestricted)).toBe(true)
  })

  it('copy the state from where Vakt has it, in restricted containers', () => {
    const sidecar = parse(read('deploy/kubernetes/litestream/sidecar.yaml'), { merge: true }) as typeof patch
    const patch = { spec: { template: { spec: { initContainers: [] as Container[] } } } }
    const { initContainers } = sidecar.spec.template.spec
    expect(initContainers.map(({ name }) => name)).toEqual(['restore', 'litestream'])
    expect(initContainers.every(isRestricted)).toBe(true)
    const { dbs } = parse(read('deploy/kubernetes/litestream/litestream.yml')) as { dbs: { path: string }[] }
    expect(dbs[0]!.path).toBe(`${image.data}/vakt.db`)
  })

  it('open the port of the image only, and keep the metadata of clouds away', () => {
    const { spec } = parse(read('deploy/kubernetes/base/networkpolicy.yaml')) as {
      spec: {
        podSelector: object
        ingress: { ports: { port: number }[] }[]
        egress: { to: { ipBlock: { except: string[] } }[] }[]
      }
    }
    // Other pods of the namespace keep their ports.
    expect(spec.podSelector).toEqual({ matchLabels: { 'app.kubernetes.io/name': 'vakt' } })
    expect(spec.ingress).toEqual([{ ports: [{ protocol: 'TCP', port: image.port }] }])
    expect(spec.egress[0]!.to.flatMap(({ ipBlock }) => ipBlock.except)).toContain('169.254.169.254/32')
  })

  it('name only files that exist', () => {
    for (const folder of ['', 'base', 'litestream', 'monitoring', 'kind']) {
      const path = join('deploy/kubernetes', folder)
      const { resources = [], components = [] } = parse(read(join(path, 'kustomization.yaml'))) as Record<
        string,
        string[]
      >
      for (const name of [...resources, ...components])
        expect(() => readdirSync(join(ROOT, path, name, '..'))).not.toThrow()
    }
  })
})

describe('the chart', () => {
  const template = read('deploy/helm/vakt/templates/statefulset.yaml')

  it('has the ports, paths and user of the image', () => {
    expect(template).toContain(`containerPort: ${image.port}`)
    expect(template).toContain(`runAsUser: ${NODE_USER}`)
    for (const [name, value] of Object.entries(image.environment))
      expect(template).toMatch(new RegExp(`- name: ${name}\\s+value: "?${value.replaceAll('.', '\\.')}"?\\n`))
    expect(template).toMatch(new RegExp(`- name: data\\s+mountPath: ${image.data}\\n`))
    expect(template).toMatch(/replicas: 1\n/)
    expect(read('deploy/helm/vakt/templates/_helpers.tpl')).toContain('readOnlyRootFilesystem: true')
  })

  it('is of the version of Vakt', () => {
    const chart = parse(read('deploy/helm/vakt/Chart.yaml')) as { version: string; appVersion: string }
    const { version } = JSON.parse(read('package.json')) as { version: string }
    expect([chart.version, chart.appVersion]).toEqual([version, version])
  })

  it('shows only settings that Vakt has', () => {
    const shown = [...read('deploy/helm/vakt/values.yaml').matchAll(/^# {2}([A-Z][A-Z_]+):/gm)].map(match => match[1]!)
    expect(shown.length).toBeGreaterThan(2)
    expect(shown.filter(name => !known.has(name))).toEqual([])
  })
})

describe('render.yaml', () => {
  const { services } = parse(read('render.yaml')) as {
    services: {
      runtime: string
      dockerfilePath: string
      numInstances: number
      healthCheckPath: string
      disk: { mountPath: string }
      envVars: { key: string; value?: string; generateValue?: boolean; sync?: boolean }[]
    }[]
  }
  const [service] = services

  it('runs one instance of the image on a disk at its folder', () => {
    expect(service).toMatchObject({
      runtime: 'docker',
      dockerfilePath: './Dockerfile',
      numInstances: 1,
      healthCheckPath: '/healthz',
    })
    expect(service!.disk.mountPath).toBe(image.data)
    const values = Object.fromEntries(service!.envVars.map(({ key, value }) => [key, value]))
    expect(values).toMatchObject(image.environment)
  })

  it('sets only settings that Vakt has, each in one way, and no secret in clear', () => {
    expect(service!.envVars.map(({ key }) => key).filter(key => !known.has(key))).toEqual([])
    const ways = service!.envVars.map(
      variable => ['value', 'generateValue', 'sync'].filter(way => way in variable).length,
    )
    expect(new Set(ways)).toEqual(new Set([1]))
    const secret = /TOKEN|_KEY|PASSWORD|SECRET/
    expect(service!.envVars.filter(({ key, value }) => secret.test(key) && value !== undefined)).toEqual([])
  })

  it.each([
    ['the sender behind Cloudflare and the proxy of Render', '99.61.165.29, 104.22.17.40', '99.61.165.29'],
    ['and not what the sender writes in front', '10.1.2.3, 99.61.165.29, 104.22.17.40', '99.61.165.29'],
  ])('trusts its proxies to say who sends: %s', (_, forwarded, address) => {
    const trusted = proxyList(service!.envVars.find(({ key }) => key === 'TRUST_PROXY')!.value!)!
    const incoming = { socket: { remoteAddress: '10.21.157.68' } } as never
    expect(readClientAddress(incoming, new Headers({ 'x-forwarded-for': forwarded }), trusted).address).toBe(address)
  })
})

it.each(['vakt', 'vakt-standby'])('the unit %s.service runs what the image runs, with settings that Vakt has', name => {
  const unit = read(`deploy/systemd/${name}.service`)
  const command = `/opt/vakt/node_modules/.bin/${image.command}${name === 'vakt' ? '' : ' standby'}`
  expect(unit).toContain(`ExecStart=${command}\n`)
  expect(unit).toContain(`Environment=${/^ENV (MALLOC_.*)$/m.exec(docker)![1]}\n`)
  const set = [...unit.matchAll(/^Environment=(\w+)=/gm)].map(match => match[1]!)
  expect(set.filter(setting => !known.has(setting))).toEqual(['MALLOC_ARENA_MAX'])
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)![1])).toBeGreaterThan(10)
})

it.each(['compose.yaml', 'deploy/compose/opensearch.yaml'])(
  '%s sets only settings that Vakt has, as the image has them',
  file => {
    const { services } = parse(read(file)) as { services: { vakt: { environment: Record<string, string> } } }
    const { environment } = services.vakt
    expect(Object.keys(environment).filter(name => !known.has(name))).toEqual([])
    for (const name of Object.keys(environment).filter(name => name in image.environment))
      expect(environment[name]).toBe(image.environment[name])
  },
)

it('the machine on Google Cloud runs the image as the manifests do', () => {
  const script = read('deploy/gcp/startup.sh')
  for (const [name, value] of Object.entries(image.environment)) expect(script).toContain(`--env ${name}=${value}`)
  expect(script).toContain(`:${image.data}" --publish ${image.port}:${image.port}`)
  expect(script).toContain(`chown ${NODE_USER}:${NODE_USER}`)
  for (const flag of ['--read-only', '--cap-drop ALL', 'no-new-privileges']) expect(script).toContain(flag)
})

it('the workflow "check" runs what .ci/run runs, step by step', () => {
  const { jobs } = parse(read('.github/workflows/check.yml')) as { jobs: { check: { steps: { run?: string }[] } } }
  const steps = jobs.check.steps.flatMap(({ run }) => run ?? [])
  const script = read('.ci/run')
  expect(steps.filter(step => !script.includes(step))).toEqual([])
  const scripts = [...script.matchAll(/bash (\.ci\/[\w-]+)|(npm (?:ci|run)(?: --silent)? [\w-]+)/g)].map(
    match => match[0],
  )
  expect(scripts.filter(command => !steps.some(step => step.startsWith(command)))).toEqual([])
})

it('every YAML file that deploys Vakt can be read', () => {
  const files = ['deploy', '.github', 'examples/grafana']
    .flatMap(folder =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(name => join(folder, name)),
    )
    .filter(file => /\.ya?ml$/.test(file) && !file.includes('templates/'))
  expect(files.length).toBeGreaterThan(12)
  for (const file of files)
    for (const document of parseAllDocuments(read(file)))
      expect([file, 'errors' in document ? document.errors : []]).toEqual([file, []])
})

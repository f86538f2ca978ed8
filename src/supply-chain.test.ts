// What npm ci installs is what was locked: every package has a hash, none an address, and none may run a script.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

type Entry = { version?: string; integrity?: string; resolved?: string; link?: boolean; os?: string[] }

const read = (file: string) => JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')) as unknown
const lock = read('package-lock.json') as { packages: Record<string, Entry> }
const manifest = read('package.json') as {
  optionalDependencies: Record<string, string>
  allowScripts: Record<string, boolean>
}
/** Those of Vakt, and those of the clients that CI runs against it. */
const packages = [lock, read('proof/clients/package-lock.json') as typeof lock].flatMap(({ packages: locked }) =>
  Object.entries(locked).filter(([path]) => path !== ''),
)

it('every locked package has a sha512 hash and no address', () => {
  const unverified = packages.filter(([, { integrity, resolved }]) => !integrity?.startsWith('sha512-') || resolved)
  expect(unverified.map(([path]) => path)).toEqual([])
})

it('the Node that runs Vakt is locked for each platform, in one version, and installed without a script', () => {
  const nodes = Object.entries(manifest.optionalDependencies).filter(([name]) =>
    /^node-(?:bin-)?(?:linux|darwin|win)-/.test(name),
  )
  expect(nodes).toHaveLength(5)
  expect(new Set(nodes.map(([, version]) => version)).size).toBe(1)
  for (const [name, version] of nodes) expect(lock.packages[`node_modules/${name}`]).toMatchObject({ version })
  expect(Object.values(manifest.allowScripts).some(Boolean)).toBe(false)
})

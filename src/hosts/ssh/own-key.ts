// Vakt's own SSH key pair: made on first use, the private half kept sealed in the state.
import { createRequire } from 'node:module'
import { invalid } from '../../problem.ts'
import type { Vault } from '../../projects/vault.ts'
import type { State } from '../../state/database.ts'
import { readValue, writeValue } from '../../state/key-value.ts'

// Loaded when first asked for: it takes a tenth of a second, which those without hosts need not wait for.
const require = createRequire(import.meta.url)
const ssh2 = (): typeof import('ssh2') => require('ssh2')

export type OwnKey = {
  /** In OpenSSH's own format. */
  privateKey: string
  /** One line, as authorized_keys holds it: `ssh-ed25519 AAAA… vakt`. */
  publicKey: string
}

/** Vakt's key pair, an Ed25519 one (RFC 8709); the first call makes it. Throws `internal` when the vault key is another. */
export function ownKey(state: State, vault: Vault): OwnKey {
  return state.transaction(() => {
    const kept = readValue(state, 'ssh key')
    if (kept !== null) return JSON.parse(vault.open(Buffer.from(kept, 'base64'))) as OwnKey
    const key = makeKeyPair()
    writeValue(state, 'ssh key', vault.seal(JSON.stringify(key)).toString('base64'))
    return key
  })
}

/** A new Ed25519 pair. One in a few hundred that the SDK makes it cannot read again, so each is tried. */
export function makeKeyPair(): OwnKey {
  for (;;) {
    const { private: privateKey, public: publicKey } = ssh2().utils.generateKeyPairSync('ed25519', { comment: 'vakt' })
    if (!(ssh2().utils.parseKey(privateKey) instanceof Error)) return { privateKey, publicKey }
  }
}

/**
 * The one line that lets Vakt in, to be run on the host as the user it signs in as. `restrict` takes from the key everything
 * but running commands; `through` gives back what a host that others are reached through needs.
 */
export function installLine(publicKey: string, through: boolean): string {
  const entry = `restrict${through ? ',port-forwarding' : ''} ${publicKey}`
  return `mkdir -p -m 700 ~/.ssh && echo '${entry}' >> ~/.ssh/authorized_keys && chmod 600 ~/.ssh/authorized_keys`
}

/** Throws `invalid` on the field `key` for what is no private key, or one that the passphrase does not open. */
export function refusePrivateKey(text: string, passphrase: string | undefined): void {
  const parsed = ssh2().utils.parseKey(text, passphrase)
  if (!(parsed instanceof Error) && (Array.isArray(parsed) ? parsed[0] : parsed)?.isPrivateKey()) return
  const locked = parsed instanceof Error && /passphrase|decrypt|integrity/i.test(parsed.message)
  throw invalid(
    'key',
    locked
      ? 'The passphrase does not open that private key. Give the right one with --passphrase.'
      : 'That is no private key in OpenSSH or PEM format. It begins with -----BEGIN and goes on over several lines.',
  )
}

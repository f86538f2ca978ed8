// Opens the archive storage that ARCHIVE_TO names.
import type { ArchiveTarget } from '../../config/log-settings.ts'
import { folderStorage } from './folder-storage.ts'
import { s3Storage } from './s3-storage.ts'
import type { ArchiveStorage } from './storage.ts'

/** A folder or a bucket; nothing is contacted yet. */
export function openArchiveStorage(target: ArchiveTarget): ArchiveStorage {
  return target.kind === 'folder' ? folderStorage(target.path) : s3Storage(target)
}

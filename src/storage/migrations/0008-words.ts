import type { Migration } from './migration.js';

/** Lists that hold URLs or keywords. */
export const words: Migration = {
  number: 8,
  name: 'words',
  statements: [
    `ALTER TABLE list ADD COLUMN content text NOT NULL DEFAULT 'media'
      CHECK (content IN ('media', 'urls', 'keywords'))`,
  ],
};

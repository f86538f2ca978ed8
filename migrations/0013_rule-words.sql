ALTER TABLE `rules` ADD `times` real DEFAULT 2 NOT NULL;--> statement-breakpoint
ALTER TABLE `rules` ADD `title` text;--> statement-breakpoint
UPDATE `rules` SET `baseline` = 1 WHERE `kind` = 'silence';

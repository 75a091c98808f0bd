DROP TABLE attachment_uploads;
DROP TABLE attachment_pieces;
DROP TABLE attachments;

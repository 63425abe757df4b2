"""A Pack to an Html: one document's markup, stylesheets and assets."""

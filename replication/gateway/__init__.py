"""The only room that says `import azure`. Domain types in, domain types out."""

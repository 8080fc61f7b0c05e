"""What a person looks at: slice pictures, the overview and the report page. No OpenGL, no network, no script."""

"""What an index page means. Pure: bytes, content type and URL in, frozen values out."""

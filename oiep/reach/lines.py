"""The one line of HTML that somebody copies into another site."""

from django.utils.html import format_html


def frame_line(address, title, height):
    """A frame in which no script runs, and that can neither leave its place nor read the site around it."""
    return format_html(
        '<iframe src="{}" title="{}" width="100%" height="{}" loading="lazy" referrerpolicy="no-referrer" '
        'sandbox="allow-popups allow-popups-to-escape-sandbox" style="border:0"></iframe>',
        address,
        title,
        height,
    )


def picture_line(page, picture, alt, width, height):
    return format_html(
        '<a href="{}"><img src="{}" alt="{}" width="{}" height="{}"></a>', page, picture, alt, width, height
    )

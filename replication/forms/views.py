"""The form that names a view."""

from django import forms


class ViewForm(forms.Form):
    """A name for the query string of the page that it stands on."""

    name = forms.CharField(label="Name", max_length=80)
    query = forms.CharField(max_length=2000, required=False, widget=forms.HiddenInput)
    shared = forms.BooleanField(label="Share with everybody", required=False)

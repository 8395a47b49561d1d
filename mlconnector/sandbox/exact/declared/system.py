"""Who is signed in, divisions, subscriptions, deletions.

Facts of the vendor's REST reference (read 2025-07): names, types and marks; entity.py reads them.
"""

FIELDS = {
    "current/Me": """
        Guid: UserID DivisionCustomer EmployeeID
        String: CustomerCode DivisionCustomerCode DivisionCustomerName DivisionCustomerSiretNumber
            DivisionCustomerVatNumber Email FirstName FullName Gender Initials Language LanguageCode
            LastName MiddleName Mobile Nationality Phone PhoneExtension PictureUrl ServerTime
            ThumbnailPictureFormat Title UserName PackageCode
        Int32: AccountingDivision CurrentDivision DossierDivision
        Int64: Legislation
        Double: ServerUtcOffset
        Boolean: IsClientUser IsMyFirmPortalUser IsEmployeeSelfServiceUser IsMyFirmLiteUser
            IsOEIMigrationMandatory IsStarterUser
        Binary: ThumbnailPicture
    """,
    "system/Divisions": """
        Guid: Creator Customer Modifier
        String: AddressLine1 AddressLine2 AddressLine3 BusinessTypeCode BusinessTypeDescription
            ChamberOfCommerceEstablishment ChamberOfCommerceNumber City CompanySizeCode
            CompanySizeDescription Country CreatorFullName Currency CustomerCode CustomerName
            DatevAccountantNumber DatevClientNumber Description Email Fax Legislation ModifierFullName
            OBNumber Phone Postcode SbiCode SbiDescription SectorCode SectorDescription SiretNumber
            State SubsectorCode SubsectorDescription TaxOfficeNumber TaxReferenceNumber TemplateCode
            VATNumber Website
        Int32: Code BlockingStatus Status
        Int64: Hid
        Double: ShareCapital
        Boolean: Current IsDossierDivision IsMainDivision IsPracticeDivision IsHRDivision
        DateTime: ArchiveDate Created DivisionMoveDate Modified StartDate DivisionHRLinkUnlinkDate
        Collection: Class_01 Class_02 Class_03 Class_04 Class_05
    """,
    "hrm/Divisions": """
        Guid: Creator Customer Modifier
        String: Country CountryDescription CreatorFullName Currency CurrencyDescription CustomerCode
            CustomerName Description ModifierFullName OBNumber SiretNumber TaxOfficeNumber
            TaxReferenceNumber TemplateCode VATNumber Website
        Int16: Status
        Int32: Code BlockingStatus
        Int64: HID
        Boolean: Main
        DateTime: ArchiveDate Created Modified StartDate
        Collection: Class_01 Class_02 Class_03 Class_04 Class_05
    """,
    "webhooks/WebhookSubscriptions": """
        Guid: ID* ClientID Creator UserID*
        String: CallbackURL*! CreatorFullName Description Topic*!
        Int32: Division
        Boolean: IsInstant*
        DateTime: Created
    """,
    "sync/Deleted": """
        Guid: DeletedBy EntityKey ID
        Int32: Division EntityType
        Int64: Timestamp
        DateTime: DeletedDate
    """,
    "read/sync/Sync/SyncTimestamp": """
        String: API
        Int64: TimeStampAsBigInt
        DateTime: Modified
    """,
}
